from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.registry import numbering
from baigong.registry.book import PointBook
from baigong.registry.numbering import number_points, retired
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import point_number


class Plant:
    """The points of one tenant, as the registry would keep them."""

    def __init__(self) -> None:
        self.book = PointBook()

    def put(self, device: str, *wanted: tuple[str, str], numbers: dict[str, int] | None = None) -> dict[str, int]:
        specs = [PointSpec(name=n, address=a, number=(numbers or {}).get(n)) for n, a in wanted]
        rows = number_points("t", device, specs, self.book.known("t"), self.book.of_device("t", device), 1)
        gone = retired(self.book.of_device("t", device), rows, 2)
        self.book.take([*rows, *gone])
        return {r.name: r.number for r in rows}


def test_a_new_point_is_numbered_by_its_source() -> None:
    plant = Plant()
    assert plant.put("plc", ("a.x", "1")) == {"a.x": point_number("t", "plc", "1")}
    assert plant.book.find("t", "a.x").spec.number is None, "what follows from the address is not written"


def test_renaming_and_readdressing_keep_the_number() -> None:
    plant = Plant()
    number = plant.put("plc", ("a.x", "1"))["a.x"]
    assert plant.put("plc", ("a.y", "1")) == {"a.y": number}
    with pytest.raises(FixConfiguration, match=r"no point 'a\.x'"):
        plant.book.find("t", "a.x")
    assert plant.put("plc", ("a.y", "2")) == {"a.y": number}
    assert plant.book.find("t", "a.y").spec.number == number, "now it has to be written"
    fresh = plant.put("plc", ("a.y", "2"), ("a.x", "1"))
    assert fresh["a.y"] == number and fresh["a.x"] not in (number, 0), "the old address can be used again"


def test_swapping_names_swaps_sources_not_histories() -> None:
    plant = Plant()
    before = plant.put("plc", ("a.x", "1"), ("a.y", "2"))
    assert plant.put("plc", ("a.x", "2"), ("a.y", "1")) == before


def test_a_point_moves_to_another_device_when_the_old_one_lets_go() -> None:
    plant = Plant()
    number = plant.put("old", ("a.x", "1"))["a.x"]
    with pytest.raises(FixConfiguration) as caught:
        plant.put("new", ("a.x", "9"))
    assert caught.value.code == "point.collision"
    plant.put("old")
    assert plant.book.find("t", "a.x").retired_us == 2
    assert plant.put("new", ("a.x", "9")) == {"a.x": number}
    assert plant.book.find("t", "a.x").retired_us is None


def test_a_written_number_joins_a_point_to_its_history() -> None:
    plant = Plant()
    number = plant.put("old", ("a.x", "1"))["a.x"]
    plant.put("old")
    assert plant.put("new", ("a.z", "9"), numbers={"a.z": number}) == {"a.z": number}
    assert plant.put("elsewhere", ("b.x", "1"), numbers={"b.x": 77}) == {"b.x": 77}, "a folder from git alone works"
    with pytest.raises(FixConfiguration, match="one number"):
        plant.put("third", ("c.x", "1"), ("c.y", "2"), numbers={"c.x": 5, "c.y": 5})


def test_two_points_may_share_an_address() -> None:
    numbers = Plant().put("plc", ("a.x", "1"), ("a.y", "1"))
    assert len(set(numbers.values())) == 2


def test_a_true_collision_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    plant = Plant()
    plant.put("plc", ("a.x", "1"))
    monkeypatch.setattr(numbering, "point_number", lambda *_: point_number("t", "plc", "1"))
    with pytest.raises(FixConfiguration, match="accident"):
        plant.put("other", ("b.x", "1"))


@given(
    st.lists(st.dictionaries(st.sampled_from(["a.x", "a.y", "a.z"]), st.sampled_from("1234"), max_size=3), max_size=6)
)
def test_a_name_never_changes_its_number_and_numbers_stay_unique(files: list[dict[str, str]]) -> None:
    plant = Plant()
    for file in files:
        before = {n: p.number for n, p in plant.book.known("t").by_name.items()}
        after = plant.put("plc", *file.items())
        assert len(set(after.values())) == len(after)
        assert all(after[n] == before[n] for n in after if n in before)
        assert set(before.values()) <= set(plant.book.known("t").by_number), "no history is ever let go"
        for row in plant.book.of_device("t", "plc"):
            msgspec.json.encode(row.spec)
