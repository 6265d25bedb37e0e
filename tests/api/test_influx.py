"""Line protocol: what is read, what is refused by line, who may write, and that 204 means stored."""

from __future__ import annotations

import base64
import gzip
import random

import pytest

from baigong.api.influx.lines import PRECISIONS, parse
from baigong.api.influx.series import Series
from baigong.vocab.errors import RetryLater
from baigong.vocab.ids import point_number
from tests.api.test_series import T0
from tests.api.world import World

NOW = T0 + 77
Row = tuple[str, str, int, object]


def rows(text: str, precision: str = "ns") -> tuple[list[Row], list[str]]:
    """Return (series key, field, µs, value) of each value, and what was refused."""
    parsed = parse(text.encode(), PRECISIONS[precision], NOW)
    made: list[Row] = []
    for block in parsed.blocks:
        at = 0
        for key, count, time in zip(block.keys, block.counts, block.times_us.tolist(), strict=True):
            for _ in range(count):
                value = block.whole.get(at, block.text.get(at, float(block.values[at])))
                made.append((key.decode(), block.names[block.name_ids[at]].decode(), time, value))
                at += 1
    return made, [str(wrong) for wrong in parsed.wrong]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("cpu,host=a usage=1.5 1000", [("cpu,host=a", "usage", 1, 1.5)]),
        ("cpu usage=1i,idle=-2i,n=3u 1000", [("cpu", "usage", 1, 1.0), ("cpu", "idle", 1, -2.0), ("cpu", "n", 1, 3.0)]),
        ("cpu usage=t,b=FALSE,c=True 1000", [("cpu", "usage", 1, 1.0), ("cpu", "b", 1, 0.0), ("cpu", "c", 1, 1.0)]),
        ("cpu a=1e-3,b=+2,c=.5 1000", [("cpu", "a", 1, 1e-3), ("cpu", "b", 1, 2.0), ("cpu", "c", 1, 0.5)]),
        ("cpu usage=1", [("cpu", "usage", NOW, 1.0)]),
        ('sys up=" 1:23, a=b",n=1i 1000', [("sys", "up", 1, " 1:23, a=b"), ("sys", "n", 1, 1.0)]),
        ('sys say="a \\"b\\" \\\\ c" 1000', [("sys", "say", 1, 'a "b" \\ c')]),
        ('sys say="two\nlines" 1000', [("sys", "say", 1, "two\nlines")]),
        ("a\\ b,t\\,1=x\\=y f\\ 1=1 1000", [("a\\ b,t\\,1=x\\=y", "f\\ 1", 1, 1.0)]),
        ("m f=9007199254740993i 1000", [("m", "f", 1, 9007199254740993)]),
        ("m f=18446744073709551615u 1000", [("m", "f", 1, "18446744073709551615")]),
        ("m f=-9223372036854775808i 1000", [("m", "f", 1, -(1 << 63))]),
        ("m f=1 -1000", [("m", "f", -1, 1.0)]),
        ("温度,地点=车间 值=21.5 1000", [("温度,地点=车间", "值", 1, 21.5)]),
        ("# a comment\n\ncpu usage=1 1000\r\n", [("cpu", "usage", 1, 1.0)]),
    ],
)  # fmt: skip
def test_a_line_is_read(line: str, meant: list[Row]) -> None:
    assert rows(line) == (meant, [])
    mixed, wrong = rows(f'other x=1 5000\n{line}\nodd s="text" 5000\nlast y=2')
    assert wrong == []
    assert [row for row in mixed if row in meant] == meant, "among others, which go another way"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("cpu", "missing fields"),
        ("cpu usage", "invalid field format"),
        ("cpu usage=", "invalid field format"),
        ("cpu =1", "invalid field format"),
        ("cpu usage=1,", "invalid field format"),
        ("cpu usage=1 x", "bad timestamp"),
        ("cpu usage=1 12 13", "bad timestamp"),
        ("cpu usage=abc 1", "invalid value 'abc'"),
        ("cpu usage=NaN 1", "invalid value 'NaN'"),
        ("cpu usage=inf 1", "invalid value 'inf'"),
        ("cpu usage=1e400 1", "invalid value '1e400'"),
        ("cpu usage=1.5i 1", "invalid value '1.5i'"),
        ("cpu usage=-1u 1", "value out of range: -1u"),
        ("cpu usage=9223372036854775808i 1", "value out of range: 9223372036854775808i"),
        ('cpu usage="open 1', "invalid field format"),
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_kept(line: str, why: str) -> None:
    made, wrong = rows(f"a x=1 1000\n{line}\nb y=2 2000\n" if '"' not in line else f"a x=1 1000\nb y=2 2000\n{line}")
    assert sorted(made) == [("a", "x", 1, 1.0), ("b", "y", 2, 2.0)]
    assert wrong == [f"unable to parse '{line}': {why}"]


def test_precisions() -> None:
    for word, factor in (("ns", 1e-3), ("u", 1), ("ms", 1e3), ("s", 1e6), ("m", 6e7), ("h", 3.6e9)):
        assert rows("m f=1 12000", word)[0][0][2] == int(12000 * factor)
        assert rows('m f="x" 12000', word)[0][0][2] == int(12000 * factor)
    assert rows("m f=1 9223372036854775807", "s")[1] == [
        "unable to parse 'm f=1 9223372036854775807': time outside range"
    ]


def test_both_ways_read_the_same_and_no_damage_crashes() -> None:
    chance = random.Random(3)
    lines = [f"cpu,host=h{i % 7} a={i}i,b={i / 7},c=t {1000 * i}" for i in range(40)]
    body = "\n".join(lines)
    assert rows(body)[0] == [row for line in lines for row in rows(line + ' \nq s="x"')[0] if row[0] != "q"]
    raw = bytearray(body.encode())
    for _ in range(300):
        damaged = bytearray(raw)
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] = chance.choice(b' ,="\\\ni0\xff\0#')
        parsed = parse(bytes(damaged), 1, NOW)
        series = Series(lambda address: point_number("t", "d", address), {})
        for block in parsed.blocks:
            frame, _ = series.resolve(block, parsed.wrong)
            assert len(frame) <= int(block.counts.sum())


def resolved(series: Series, text: str) -> tuple[list[tuple[str, float]], list[str], list[str]]:
    parsed = parse(text.encode(), 1, NOW)
    made, fresh = [], []
    for block in parsed.blocks:
        frame, new = series.resolve(block, parsed.wrong)
        fresh += [spec.name for spec in new]
        names = {number: address for address, number in series.numbers.items()}
        made += [(names[row["point"]], row["value"]) for row in frame.to_pylist()]
    return made, fresh, [wrong.why for wrong in parsed.wrong]


def test_a_series_is_the_same_whatever_the_order_of_its_tags() -> None:
    series = Series(lambda address: point_number("t", "d", address), {})
    first = resolved(series, "cpu,host=a,at=b x=1,y=2 1000\ncpu,at=b,host=a y=4,x=3 2000\nmem,host=a free=5 1000\n")
    cpu = "cpu,at=b,host=a#"
    assert sorted(first[0]) == [
        (cpu + "x", 1.0),
        (cpu + "x", 3.0),
        (cpu + "y", 2.0),
        (cpu + "y", 4.0),
        ("mem,host=a#free", 5.0),
    ]
    assert sorted(first[1]) == ["cpu.b.a.x", "cpu.b.a.y", "mem.a.free"]
    assert resolved(series, "cpu,host=a,at=b y=7 3000") == ([(cpu + "y", 7.0)], [], [])


def test_more_series_than_there_may_be_are_refused_and_the_others_kept() -> None:
    series = Series(lambda address: point_number("t", "d", address), {}, most=2)
    made, fresh, wrong = resolved(series, "a x=1 1000\nb x=2 1000\nc x=3 1000\na x=4 2000\n")
    assert [value for _, value in made] == [1.0, 2.0, 4.0]
    assert wrong == ["max-series-per-database limit exceeded: (2)"]
    assert len(fresh) == 2


def test_wrong_tags_cost_their_line_only() -> None:
    series = Series(lambda address: point_number("t", "d", address), {})
    made, _, wrong = resolved(series, "a,t= x=1 1\nb x=2 2\na,t=1,t=2 x=3 3\na,=v x=4 4\na,,t=1 x=5 5\n,t=1 x=6 6\n")
    assert [value for _, value in made] == [2.0]
    assert sorted(wrong) == [
        "duplicate tags",
        "missing measurement",
        "missing tag key",
        "missing tag key",
        "missing tag value",
    ]


# -- over HTTP ------------------------------------------------------------------------------------------------


def line(value: float, at_us: int = T0, field: str = "flow") -> str:
    return f"pump,line=l1 {field}={value} {at_us * 1000}\n"


async def stored(plant: World, name: str) -> list[float]:
    await plant.settled()
    number = plant.registry.book.find("main", name).number
    return plant.lake.series("main", [number], 0, 1 << 60)["value"].to_pylist()


async def test_senders_of_both_generations_write_and_are_told_when_it_is_stored(plant: World) -> None:
    async with plant.client(token="") as client:
        base = str(client.base_url).replace("/api/v1", "/influx").rstrip("/")
        token = plant.token
        basic = base64.b64encode(f"telegraf:{token}".encode()).decode()
        ways = [
            ("/write?db=shop", {"Authorization": f"Basic {basic}"}),
            (f"/write?db=shop&u=x&p={token}", {}),
            ("/api/v2/write?org=o&bucket=shop", {"Authorization": f"Token {token}"}),
            ("/api/v2/write?bucket=shop", {"Authorization": f"Bearer {token}"}),
        ]
        for turn, (path, headers) in enumerate(ways):
            answer = await client.post(base + path, content=line(turn, T0 + turn), headers=headers)
            assert (answer.status_code, answer.content) == (204, b""), answer.text
            state = await plant.bus.stream_state("p0")
            assert state is not None and state.last_seq == turn + 1
        packed = gzip.compress(line(9, T0 + 9).encode())
        headers = {"Authorization": f"Token {token}", "Content-Encoding": "gzip"}
        assert (await client.post(f"{base}/write?db=shop", content=packed, headers=headers)).status_code == 204
        assert await stored(plant, "pump.l1.flow") == [0, 1, 2, 3, 9]
        point = plant.registry.book.find("main", "pump.l1.flow")
        assert (point.device, point.spec.address, point.discovered) == ("shop", "pump,line=l1#flow", True)


async def test_good_lines_are_kept_and_what_cannot_be_stored_is_not_acknowledged(
    plant: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> int:
        raise RetryLater("stream.full", "no room")

    async with plant.client() as client:
        base = str(client.base_url).replace("/api/v1", "/influx").rstrip("/")
        body = line(1) + "pump flow=abc 1\n" + line(2, T0 + 1) + "nothing\n"
        answer = await client.post(f"{base}/write?db=shop", content=body)
        assert answer.status_code == 400
        told = answer.json()["error"]
        assert told.startswith("partial write: ")
        assert told.endswith("dropped=2")
        assert "unable to parse 'pump flow=abc 1': invalid value 'abc'" in told
        assert "unable to parse 'nothing': missing fields" in told
        assert await stored(plant, "pump.l1.flow") == [1.0, 2.0]
        answer = await client.post(f"{base}/write?db=shop", content="nothing")
        assert answer.json() == {
            "error": "unable to parse 'nothing': missing fields",
            "code": "invalid",
            "message": "unable to parse 'nothing': missing fields",
        }
        assert (await client.post(f"{base}/write?db=shop", content=b"")).status_code == 204
        with monkeypatch.context() as patched:
            patched.setattr(plant.bus, "store", full)
            answer = await client.post(f"{base}/write?db=shop", content=line(3, T0 + 3))
            assert answer.status_code >= 500 or answer.status_code == 429
        assert (await client.post(f"{base}/write?db=shop", content=line(3, T0 + 3))).status_code == 204
        assert await stored(plant, "pump.l1.flow") == [1.0, 2.0, 3.0]


async def test_who_may_not_write_is_told_so_as_influx_does(plant: World) -> None:
    async with plant.client(token="") as client:
        base = str(client.base_url).replace("/api/v1", "/influx").rstrip("/")
        for headers in ({}, {"Authorization": "Token bgt_wrong"}, {"Authorization": "Basic %%%"}):
            answer = await client.post(f"{base}/write?db=shop", content=line(1), headers=headers)
            assert answer.status_code == 401
            assert set(answer.json()) == {"error", "code", "message"}
        for path in ("/ping", "/health"):
            answer = await client.get(base + path)
            assert answer.status_code in (200, 204)
            assert answer.headers["x-influxdb-version"]
    async with plant.client() as client:
        for path, status in (("/write", 400), ("/write?db=shop&precision=d", 400), ("/write?db=pump", 422)):
            answer = await client.post(base + path, content=line(1))
            assert answer.status_code == status, (path, answer.text)
        packed = {"Content-Encoding": "gzip"}
        assert (await client.post(f"{base}/write?db=shop", content=b"nonsense", headers=packed)).status_code == 400
        # what senders ask before they write
        made = await client.post(f"{base}/query", params={"q": 'CREATE DATABASE "telegraf"'})
        assert made.json() == {"results": [{"statement_id": 0}]}
        made = await client.post(f"{base}/query", data={"q": "CREATE DATABASE telegraf WITH DURATION 1d"})
        assert made.json() == {"results": [{"statement_id": 0}]}
        await client.post(f"{base}/write?db=shop", content=line(1))
        shown = (await client.get(f"{base}/query", params={"q": "SHOW DATABASES"})).json()
        assert shown["results"][0]["series"][0]["values"] == [["shop"]]
        other = (await client.get(f"{base}/query", params={"q": "select * from m"})).json()
        assert "only CREATE DATABASE" in other["results"][0]["error"]
