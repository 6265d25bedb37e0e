"""Texts of tenants in versions, by name: those asked for last in memory, all of them in the records."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence

from baigong.registry.resident import Resident
from baigong.stores.records.textversions import TextVersion
from baigong.vocab.assettypes import split_type
from baigong.vocab.errors import FixConfiguration

SHIPPER = "baigong"  # who wrote what comes with the platform


class HeldVersions:
    """Follows the records: whoever writes there says so here. Reading is callable from threads.

    ``most``: versions in memory at once.
    """

    def __init__(self, load: Callable[[str], Iterable[TextVersion]], most: int) -> None:
        self._held: Resident[dict[str, list[TextVersion]]] = Resident(
            lambda tenant: _by_name(load(tenant)), lambda held: sum(map(len, held.values())), most
        )

    def of(self, tenant: str) -> Mapping[str, list[TextVersion]]:
        """Return the versions of each text, the first first."""
        return self._held.get(tenant)

    def written(self, tenant: str, rows: Iterable[TextVersion]) -> None:
        with self._held.lock:
            held = self._held.peek(tenant)
            if held is None:
                return  # read with them in it when somebody asks
            for row in rows:
                versions = held.setdefault(row.name, [])
                if not versions or versions[-1].version < row.version:  # else somebody read it meanwhile
                    versions.append(row)
            self._held.grown(tenant)

    def dropped(self, tenant: str, name: str) -> None:
        with self._held.lock:
            held = self._held.peek(tenant)
            if held is not None:
                held.pop(name, None)
                self._held.grown(tenant)

    def forget(self, tenant: str) -> None:
        """Follow the records after a tenant is gone."""
        self._held.drop(tenant)


def pick(ref: str, versions: Sequence[TextVersion], names: Callable[[], Iterable[str]], what: str) -> TextVersion:
    """Return the version that ``ref`` names (``pump@2``), or the newest. Raises http.not_found.

    ``names``: what else there is; ``what``: what it is in words.
    """
    name, version = split_type(ref)
    if not versions:
        near = difflib.get_close_matches(name, names(), 1)
        perhaps = f"; perhaps {near[0]}" if near else ""
        raise FixConfiguration("http.not_found", f"there is no {what} {name!r}{perhaps}", place=ref)
    found = [row for row in versions if version in (None, row.version)]
    if not found:
        raise FixConfiguration("http.not_found", f"{name} has no version {version}", place=ref)
    return found[-1]


def require_base(versions: Sequence[TextVersion], base: int, name: str) -> None:
    """Raise config.conflict where a text was made from another version than the present one."""
    now = versions[-1].version if versions else 0
    if base != now:
        who = f" by {versions[-1].changed_by}" if versions else ""
        raise FixConfiguration(
            "config.conflict", f"{name} was changed meanwhile{who}: it is at version {now}", place="base"
        )


def _by_name(rows: Iterable[TextVersion]) -> dict[str, list[TextVersion]]:
    made: dict[str, list[TextVersion]] = {}
    for row in rows:
        made.setdefault(row.name, []).append(row)
    return made
