"""Whether the people of a production step might operate its machine, as the assets of both say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from baigong.registry.assets import Assets
from baigong.stores.records.assets import AssetRow
from baigong.vocab.happenings import Episode
from baigong.vocab.qualifications import judge, read_qualifications

NEEDS, HAS = "qualification", "qualifications"  # properties of machines, of people


class Qualified(Struct, frozen=True, kw_only=True):
    """``state``: on the day (UTC) the step began; ``unknown``: nobody described this person. ``until``: ISO date."""

    person: str
    qualification: str
    state: Literal["held", "expired", "missing", "unknown"]
    until: str


class Qualifications:
    """The people of one tenant, found by name, code or title. Made for one answer."""

    def __init__(self, assets: Assets, tenant: str) -> None:
        self._rows = assets.rows(tenant)
        self._people: dict[str, AssetRow] | None = None

    def of(self, episode: Episode) -> list[Qualified]:
        """Judge everybody whom an episode names; nothing where its machine needs no qualification."""
        machine = self._rows.get(episode.asset)
        needed = machine.spec.properties.get(NEEDS) if machine is not None else None
        if not needed:
            return []
        day = datetime.fromtimestamp(episode.start_us / 1e6, UTC).date()
        found = []
        for person in named(episode, "people"):
            row = self._person(person)
            held = read_qualifications(str(row.spec.properties.get(HAS, ""))) if row is not None else {}
            for one in read_qualifications(str(needed)):
                until = held.get(one)
                state = judge(held, one, day) if row is not None else "unknown"
                found.append(
                    Qualified(
                        person=person, qualification=one, state=state, until=until.isoformat() if until else ""
                    )
                )  # fmt: skip
        return found

    def _person(self, name: str) -> AssetRow | None:
        if self._people is None:
            self._people = {}
            for row in self._rows.values():
                if row.spec.level == "person" and row.retired_us is None:
                    for called in (row.spec.title_zh, row.spec.title, row.spec.code, row.spec.asset):
                        if called:
                            self._people[called] = row
        return self._people.get(name)


def named(episode: Episode, what: str) -> list[str]:
    """Return who or what an episode names there: ``people``, ``tools``; one alone may stand without a list."""
    told = episode.attributes.get(what, [])
    return [str(one) for one in (told if isinstance(told, list) else [told]) if one != ""]


def wanting(people: Iterable[Qualified]) -> list[Qualified]:
    """Return those that might not."""
    return [one for one in people if one.state != "held"]
