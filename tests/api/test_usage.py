"""Use, quotas, tariffs and bills: counted, bounded, priced; the lake is the only memory."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest

from baigong.api.measure import levels
from baigong.registry.quotawatch import QuotaWatch
from baigong.registry.usage import Usage, number_of
from baigong.vocab import frame
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import BaigongError
from baigong.vocab.usage import COUNTERS, PLATFORM
from tests.api.signing import add, browser
from tests.api.world import World, now_us

HOUR = 3_600_000_000
TARIFF = """
currency: CNY
from: 2020-01-01
prices: {flat: 31, values: 0.2, storage: 1, points: 0.5, query_s: 0.001}
free: {values: 1000}
"""


async def _companies(plant: World, *names: str, region: str = "") -> None:
    async with plant.client() as operator:
        if region:
            assert (await operator.post("/regions", json={"region": region})).status_code == 200
        for name in names:
            made = await operator.post("/tenants", json={"tenant": name, "region": region, "admin": f"{name}-boss"})
            assert made.status_code == 200, made.text


async def _token(plant: World, tenant: str, role: str = "tenant_admin") -> str:
    return await plant.registry.people.add_token(tenant, "program", role=role)


async def _quota(plant: World, place: str, text: str) -> Any:
    async with plant.client() as operator:
        return await operator.put(f"/quotas/{place}", json={"text": text})


async def _count(plant: World) -> None:
    """Do what the platform does every minute."""
    usage, rooms = plant.registry.usage, plant.app.state.rooms
    if usage._early is not None:
        await plant.settled()
        await usage.begin(plant.lake, plant.bus, "p0")
    await usage.flush(await levels(rooms, Counter(mould=5_000_000_000)), plant.registry.devices, plant.bus, "p0")
    await plant.settled()


def _values(*names: str) -> dict[str, Any]:
    return {"values": [{"point": name, "value": 1.5} for name in names]}


async def test_what_is_used_is_counted_and_everybody_sees_their_own(plant: World) -> None:
    await _companies(plant, "mould", "bank")
    async with plant.client(token=await _token(plant, "mould")) as mould:
        assert (await mould.post("/ingest", json=_values("a.x", "a.y"))).status_code == 200
        assert (await mould.post("/sql", json={"sql": "select 1"})).status_code == 200
        assert (await mould.post("/sql", json={"sql": "select nonsense"})).status_code == 400
        await _count(plant)
        shown = (await mould.get("/usage")).json()
        figures = {f["measure"]: f["value"] for f in shown["figures"]}
        assert (figures["values"], figures["points"], figures["people"]) == (2, 2, 1)
        assert (figures["queries"], figures["queries_failed"], figures["calls"]) == (2, 1, 3)
        assert figures["query_s"] > 0
        assert (figures["apps"], figures["benefit"]) == (0, None)
        assert (await mould.get("/usage", params={"tenant": "bank"})).status_code == 403
        assert [c["tenant"] for c in (await mould.get("/usage/companies")).json()["companies"]] == ["mould"]
    async with plant.client() as operator:
        seen = (await operator.get("/usage/companies")).json()
        assert {c["tenant"] for c in seen["companies"]} == {"main", "mould", "bank"}
        assert (await operator.get("/usage", params={"tenant": "bank"})).json()["tenant"] == "bank"
        assert (await operator.get("/points", params={"tenant": "mould"})).status_code == 403, "use, never values"
        assert "platform" not in {t["tenant"] for t in (await operator.get("/tenants")).json()}
    row = plant.registry.book.find(PLATFORM, "company.mould.usage.values")
    assert plant.lake.latest(PLATFORM, [row.number]).column("value").to_pylist() == [2.0]


async def test_a_park_s_company_sees_the_use_of_its_region_and_no_values(plant: World) -> None:
    await _companies(plant, "mould", "park", region="ningbo")
    await _companies(plant, "far")
    async with plant.client() as operator, plant.client(token=await _token(plant, "park")) as park:
        assert {c["tenant"] for c in (await park.get("/usage/companies")).json()["companies"]} == {"park"}
        await operator.post("/regions", json={"region": "ningbo", "run_by": "park"})
        assert {c["tenant"] for c in (await park.get("/usage/companies")).json()["companies"]} == {"park", "mould"}
        assert (await park.get("/usage", params={"tenant": "mould"})).status_code == 200
        assert (await park.get("/usage", params={"tenant": "far"})).status_code == 403
        assert (await park.get("/points", params={"tenant": "mould"})).status_code == 403
        assert (await park.put("/quotas/companies/mould", json={"text": "points: 1"})).status_code == 403


async def test_counters_go_on_from_the_lake_and_count_what_came_meanwhile(plant: World) -> None:
    await _companies(plant, "mould")
    usage, now = plant.registry.usage, [now_us()]

    async def send(rows: int) -> None:
        batch = frame.frame(np.full(rows, 7), np.arange(rows) + now[0])
        seq = await plant.bus.store("p0", "mould", frame.encode(batch))
        usage.took("mould", 1 << 44 | seq, rows)

    await send(10)
    await _count(plant)
    await send(5)  # after the flush: in the stream only
    usage.add("mould", "calls", 3)
    again = Usage(now_us)
    again.expect(["mould"])
    again.took("mould", 1 << 44 | 1, 10)  # the historian reads again what was hot
    await plant.settled()
    await again.begin(plant.lake, plant.bus, "p0")
    assert again.reading("mould", "values") == 15
    assert again.uncounted == 0
    last = (await plant.bus.stream_state("p0")).last_seq  # type: ignore[union-attr]
    again.took("mould", 1 << 44 | last, 5)  # and again
    again.took("mould", 1 << 44 | last + 1, 1)
    assert again.reading("mould", "values") == 16


async def test_a_flush_that_was_cut_in_two_is_not_believed(plant: World) -> None:
    await _companies(plant, "mould")
    batch = frame.encode(frame.frame([7, 7], [1, 2]))
    plant.registry.usage.took("mould", 1 << 44 | await plant.bus.store("p0", "mould", batch), 2)
    await _count(plant)
    torn = frame.frame([number_of("mould", "values")], [now_us() + 1], [999.0])
    await plant.bus.store("p0", PLATFORM, frame.encode(torn))
    await plant.settled()
    again = Usage(now_us)
    again.expect(["mould"])
    await again.begin(plant.lake, plant.bus, "p0")
    assert again.reading("mould", "values") == 2


async def test_quotas_are_text_and_the_tightest_applies(plant: World) -> None:
    await _companies(plant, "mould", "bank", region="ningbo")
    assert (await _quota(plant, "platform", "points: 5 # each\nqueries_day: 100")).status_code == 200
    wrong = await _quota(plant, "companies/mould", "point: 3")
    assert (wrong.status_code, wrong.json()["place"]) == (422, "point")
    assert (await _quota(plant, "regions/nowhere", "points: 3")).status_code == 404
    assert (await _quota(plant, "regions/ningbo", "points: 8")).json()["code"] == "quota.promised", "two times five"
    assert (await _quota(plant, "regions/ningbo", "points: 8\novercommit: true")).status_code == 200
    assert (await _quota(plant, "companies/mould", "points: 20\n# while we try\n")).status_code == 200
    async with plant.client() as operator:
        told = (await operator.get("/quotas", params={"tenant": "mould"})).json()
        assert [(x["level"], x["text"].count("while we try")) for x in told["texts"]][-1] == ("company", 1)
        (line,) = [x for x in told["lines"] if x["what"] == "points"]
        assert (line["limit"], line["level"]) == (8, "region"), "tighter than the company's own 20"
        assert (await operator.get("/audit", params={"action": "tenants"})).json()[0]["entry"]["after"]
    async with plant.client(token=await _token(plant, "mould")) as mould:
        assert (await mould.put("/quotas/companies/mould", json={"text": ""})).status_code == 403
        full = await mould.post("/ingest", json=_values(*(f"a.p{i}" for i in range(9))))
        assert (full.status_code, full.json()["code"], full.json()["fields"]["room"]) == (409, "quota.full", 8)
        assert (await mould.get("/points")).json()["total"] == 0, "nothing was registered"
        assert (await mould.post("/ingest", json=_values(*(f"a.p{i}" for i in range(8))))).status_code == 200
    async with plant.client(token=await _token(plant, "bank")) as bank:
        assert (await bank.post("/ingest", json=_values("b.x"))).json()["code"] == "quota.full", "the region's are gone"


async def test_every_door_of_the_registry_asks(plant: World) -> None:
    await _companies(plant, "mould")
    await _quota(plant, "companies/mould", "devices: 1\npoints: 2\npeople: 2")
    registry = plant.registry
    points = [PointSpec(name=f"line1.p{i}", address=f"{i}") for i in range(3)]
    with pytest.raises(BaigongError, match=r"quota\.full"):
        await registry.devices.put("mould", DeviceSpec(device="plc", driver="sim", points=points), "test")
    await registry.devices.put("mould", DeviceSpec(device="plc", driver="sim", points=points[:2]), "test")
    with pytest.raises(BaigongError, match="devices"):
        await registry.devices.put("mould", DeviceSpec(device="plc2", driver="sim"), "test")
    swapped = [points[0], points[2]]
    await registry.devices.put("mould", DeviceSpec(device="plc", driver="sim", points=swapped), "test")
    async with plant.client(token=await _token(plant, "mould")) as mould:
        assert (await mould.post("/people", json={"name": "b", "roles": ["viewer"]})).status_code == 200
        assert (await mould.post("/people", json={"name": "c", "roles": ["viewer"]})).json()["code"] == "quota.full"
        assert (await mould.put("/quotas/sites/line1", json={"text": "points: 2"})).status_code == 200
        assert (await mould.put("/quotas/sites/line1", json={"text": "people: 2"})).status_code == 422
    await _quota(plant, "companies/mould", "points: 9")
    with pytest.raises(BaigongError, match="site line1"):
        await registry.devices.put("mould", DeviceSpec(device="plc", driver="sim", points=points), "test")
    elsewhere = [*swapped, PointSpec(name="line2.q", address="q")]
    await registry.devices.put("mould", DeviceSpec(device="plc", driver="sim", points=elsewhere), "test")


async def test_who_sends_too_fast_waits_and_is_told_and_others_do_not(plant: World) -> None:
    await _companies(plant, "mould", "bank")
    await _quota(plant, "companies/mould", "values_s: 10")
    columns = {"columns": {"point": ["a.x"] * 500, "time": list(range(500)), "value": [1.0] * 500}}
    async with (
        plant.client(token=await _token(plant, "mould")) as mould,
        plant.client(token=await _token(plant, "bank")) as bank,
    ):
        first = await mould.post("/ingest", json=columns)
        assert first.status_code == 200, "of any size while there is something left"
        assert first.headers["RateLimit-Policy"] == '"values";q=20;w=2'
        slow = await mould.post("/ingest", json=columns)
        assert (slow.status_code, slow.json()["code"]) == (429, "quota.exceeded")
        assert 40 <= int(slow.headers["Retry-After"]) <= 60
        assert (await bank.post("/ingest", json=columns)).status_code == 200
        watch = QuotaWatch(plant.registry.quotas, plant.registry.events, now_us)
        assert await watch.look(["mould", "bank"]) == 1
        assert await watch.look(["mould", "bank"]) == 0, "once"
        told = (await mould.get("/events")).json()[0]
        assert (told["kind"], told["detail"]["what"]) == ("quota.exceeded", "values_s")
        answer = await mould.get("/overview")
        assert answer.headers["Baigong-Quota"] == "values_s;full"
        (item,) = [a for a in answer.json()["attention"] if a["kind"] == "quota.exceeded"]
        assert item["severity"] == "high"
        assert "Baigong-Quota" not in (await bank.get("/overview")).headers


async def test_storage_and_queries_are_bounded(plant: World) -> None:
    await _companies(plant, "mould")
    await _quota(plant, "companies/mould", "storage: 4 GB\nqueries_day: 1")
    await _count(plant)
    async with plant.client(token=await _token(plant, "mould")) as mould:
        full = await mould.post("/ingest", json=_values("a.x"))
        assert (full.status_code, full.json()["place"]) == (429, "storage")
        assert (await mould.post("/sql", json={"sql": "select 1"})).status_code == 200
        over = await mould.post("/sql", json={"sql": "select 1"})
        assert (over.status_code, over.json()["place"]) == (429, "queries_day")
        assert 0 < int(over.headers["Retry-After"]) <= 86_400
    rates, members = plant.registry.quotas.pools()
    assert rates[members["mould"][0]] == 0.0, "its machines are held back, too"


async def _past(plant: World, month: tuple[int, int], rows: list[tuple[str, int, float]]) -> None:
    """Write usage points of a past month: (measure, hours after its beginning, value)."""
    await _count(plant)  # makes the points
    start = int(datetime(*month, 1, tzinfo=UTC).timestamp()) * 1_000_000
    batch = frame.frame(
        [number_of("mould", m) for m, _, _ in rows], [start + int(h * HOUR) for _, h, _ in rows], [v for *_, v in rows]
    )
    await plant.bus.store("p0", PLATFORM, frame.encode(batch))
    await plant.settled()


def _since(plant: World, year: int) -> None:
    """Let the company be an old one."""
    tenants = plant.registry.tenants
    created = int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
    tenants._keep(msgspec.structs.replace(tenants.get("mould"), created_us=created))


async def test_a_bill_is_what_the_lake_says_until_it_is_issued_and_then_a_note_says_the_rest(plant: World) -> None:
    await _companies(plant, "mould")
    _since(plant, 2020)
    rows = [("values", -1, 500.0), ("values", 5, 2500.0), ("values", 700, 4_500.0), ("values", 750, 9e9)]
    rows += [("points", 0, 10.0), ("points", 360, 30.0), ("storage_bytes", 0, 2e9), ("query_s", 0, 12.5)]
    await _past(plant, (2026, 4), rows)
    async with plant.client() as operator, plant.client(token=await _token(plant, "mould")) as mould:
        missing = await operator.get("/bills/2026-04", params={"tenant": "mould"})
        assert missing.json()["code"] == "tariff.missing"
        assert (await operator.post("/tariffs", json={"text": "currency: CNY"})).json()["place"] == "from"
        assert (await operator.post("/tariffs", json={"text": TARIFF})).json()["version"] == 1
        assert (await mould.post("/tariffs", json={"text": TARIFF})).status_code == 403

        shown = (await mould.get("/bills/2026-04")).json()["now"]
        by = {line["item"]: line for line in shown["lines"]}
        assert by["values"]["quantity"] == "4000.000000"
        assert by["values"]["amount"] == "0.600000", "a thousand are free"
        assert by["points"]["quantity"] == "20.000000", "half the month ten, half thirty"
        assert by["storage"]["amount"] == "2.000000"
        assert by["query_s"]["amount"] == "0.012500"
        assert (shown["total"], shown["payable"]) == ("43.612500", "43.61")
        assert shown == (await mould.get("/bills/2026-04")).json()["now"], "as often as anybody likes"

        correction = {"month": "2026-04", "measure": "values", "amount": -1000, "reason": "a looping program of ours"}
        assert (await mould.post("/usage/corrections", json=correction)).status_code == 403
        told = await operator.post("/usage/corrections", params={"tenant": "mould"}, json=correction)
        assert told.status_code == 204, told.text
        await plant.settled()
        assert (await mould.get("/bills/2026-04")).json()["now"]["total"] == "43.412500", "before it was issued"

        for_mould = {"tenant": "mould"}
        issued = (await operator.post("/bills/2026-04/issue", params=for_mould)).json()
        assert (issued["number"], issued["kind"]) == ("2026-04-mould-1", "bill")
        assert (await operator.post("/bills/2026-04/issue", params=for_mould)).json()["code"] == "bill.issued"
        assert (await operator.post("/bills/now/issue", params=for_mould)).json()["code"] == "bill.open"
        nothing = await operator.post("/bills/2026-04/correct", params=for_mould, json={"reason": "to be sure"})
        assert nothing.status_code == 409

        await operator.post("/usage/corrections", params=for_mould, json=correction | {"amount": -500})
        await plant.settled()
        seen = (await mould.get("/bills/2026-04")).json()
        assert [b["total"] for b in seen["issued"]] == ["43.412500"], "what was issued stays"
        assert seen["difference"]["total"] == "-0.100000"
        note = await operator.post("/bills/2026-04/correct", params=for_mould, json={"reason": "counted twice"})
        assert (note.json()["kind"], note.json()["corrects"]) == ("note", "2026-04-mould-1")
        assert sum(Decimal(b["total"]) for b in (await mould.get("/bills")).json()) == Decimal("43.312500")
        assert not (await mould.get("/bills/2026-04")).json()["difference"]["lines"]
    await plant.registry.bills.load()
    assert [b.number for b in plant.registry.bills.issued("mould")] == ["2026-04-mould-1", "2026-04-mould-2"]


async def test_a_bill_is_taken_away_as_csv_and_xlsx(plant: World, tmp_path: Path) -> None:
    await _companies(plant, "mould")
    _since(plant, 2020)
    await _past(plant, (2026, 4), [("values", 1, 123_456.0)])
    async with plant.client() as operator:
        await operator.post("/tariffs", json={"text": TARIFF})
        asked = {"tenant": "mould", "language": "zh"}
        raw = (await operator.get("/bills/2026-04", params=asked | {"format": "csv"})).content
        assert raw.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
        assert rows[1][0] == "项目"
        assert rows[-1][-2:] == ["55.49", "CNY"]
        book = (await operator.get("/bills/2026-04", params=asked | {"format": "xlsx"})).content
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    numbers = [v.text for v in sheet.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}v")]
    assert "123456.000000" in numbers, "a number, with every digit"


async def test_companies_that_need_somebody_come_first(plant: World) -> None:
    await _companies(plant, "calm", "greedy", "broken")
    await _quota(plant, "companies/greedy", "points: 1")
    async with plant.client(token=await _token(plant, "greedy")) as greedy:
        await greedy.post("/ingest", json=_values("a.x"))
    async with plant.client(token=await _token(plant, "broken")) as broken:
        for _ in range(4):
            assert (await broken.post("/ingest", json={"nonsense": 1})).status_code == 400
    await _count(plant)
    async with plant.client() as operator:
        seen = (await operator.get("/usage/companies")).json()
        assert [c["tenant"] for c in seen["companies"]][:2] == ["greedy", "broken"]
        assert seen["companies"][0]["troubles"] == ["over"]
        assert (seen["troubled"]["over"], seen["troubled"]["failing"]) == (1, 1)
        only = (await operator.get("/usage/companies", params={"trouble": "failing"})).json()
        assert [c["tenant"] for c in only["companies"]] == ["broken"]


async def test_only_the_operator_bounds_and_bills(plant: World) -> None:
    async with plant.client() as admin:
        secret = await add(admin, "boss", "tenant_admin")
    async with browser(plant, "boss", secret) as boss:
        assert (await boss.get("/usage")).status_code == 200
        for method, path in (("PUT", "/quotas/platform"), ("POST", "/tariffs"), ("POST", "/bills/2026-04/issue")):
            assert (await boss.request(method, path, json={"text": ""})).status_code == 403, path


def test_every_counter_is_a_measure() -> None:
    assert {"values", "query_s"} <= set(COUNTERS)
