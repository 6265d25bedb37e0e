"""Numbers in texts of people: plain ASCII digits, and what earlier versions took stays what it was."""

from __future__ import annotations

from decimal import Decimal

import pytest

from baigong.registry.tariff import parse_tariff
from baigong.vocab.devices import PointSpec, seconds
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.ids import device_id, tenant_id
from baigong.vocab.quotas import parse_quotas

TARIFF = "currency: CNY\nfrom: 2026-01-01\nprices:\n  values: {}\n"


@pytest.mark.parametrize("text", ["1_000", "1,5", "５", "٥", "0x10", "1e3", "1:30", "-1", "nan", "true", "[1]"])
def test_a_quota_is_read_in_one_way_or_refused(text: str) -> None:
    with pytest.raises(FixConfiguration, match="no amount"):
        parse_quotas(f"points: {text}")


def test_a_quota_is_ten_where_ten_is_meant() -> None:
    assert parse_quotas("points: 010\ndevices: ~\nqueries:\nstorage: 1.5 kiB\novercommit: true") == parse_quotas(
        '{"points": 10, "devices": null, "storage": 1536, "overcommit": true}'
    )
    assert parse_quotas("points: 5,000\ndevices: 1_0", stored=True) == parse_quotas("points: 5000\ndevices: 10")


@pytest.mark.parametrize("text", ["1_000", "1,5", "５", "nan", "Infinity", "0x10"])
def test_a_price_is_read_in_one_way_or_refused(text: str) -> None:
    with pytest.raises(BaigongError, match="no number"):
        parse_tariff(TARIFF.format(text))
    assert parse_tariff(TARIFF.format("0.35")).prices == {"values": Decimal("0.35")}
    assert parse_tariff(TARIFF.format("1,000"), stored=True).prices == {"values": Decimal(1000)}


@pytest.mark.parametrize("name", ["demo\n", "ｄemo", "d\u0435mo"])
def test_a_name_on_the_bus_and_on_disk_ends_where_it_ends(name: str) -> None:
    for read in (tenant_id, device_id):
        with pytest.raises(FixConfiguration):
            read(name)


@pytest.mark.parametrize(
    "name", ["pump1.flow\n", "pump1.\u202ewolf", "pump1.fl\u2066ow", "pump1.fl\x9fow", "pump1.a\x7f"]
)
def test_a_points_name_reads_as_it_is_written(name: str) -> None:
    with pytest.raises(ValueError, match="point name"):
        PointSpec(name=name, address="sine:1")
    assert PointSpec(name="泵１.流量", address="sine:1").asset == "泵１"


@pytest.mark.parametrize("text", ["５s", "1_0s", "1s\n1", "1e3s"])
def test_a_duration_is_plain(text: str) -> None:
    with pytest.raises(ValueError, match=r"no.* duration"):
        seconds(text)
