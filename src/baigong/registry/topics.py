"""What machines may publish and subscribe to beside their device's own topics: given by people, checked, remembered.

A gateway that is told so asks it of every topic (``gateway/frontdoor/allowance``); decision 0016 says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import sqlalchemy as sa
from msgspec import Struct

from baigong.drivers.mqtt.topics import topic_filter, within
from baigong.registry.events import Events
from baigong.registry.standing import Standing
from baigong.stores.records import ALL, Records
from baigong.stores.records.topics import TopicsRow, all_topics, put_topics
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event

EVERYTHING = "#"
_MOST, _LONGEST = 100, 1_000  # filters of one machine; characters of one
Key = tuple[str, str]  # ("user", user name) or ("certificate", SHA-256), as in ``registry.standing``


class Topics(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MQTT topic filters, inside the company. Empty: the device's own topics only."""

    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()


def check_topics(wanted: Topics) -> Topics:
    """Return them without repetitions. Raises config.invalid, which says what is wrong with which."""
    return Topics(publish=_checked("publish", wanted.publish), subscribe=_checked("subscribe", wanted.subscribe))


def _checked(place: str, filters: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(filters))
    if len(found) > _MOST:
        raise FixConfiguration("config.invalid", f"not more than {_MOST} topic filters", place=place)
    for one in found:
        if len(one) > _LONGEST or one[:1] == "$":
            why = "topics with $ are the server's own" if one[:1] == "$" else f"longer than {_LONGEST} characters"
            raise FixConfiguration("config.invalid", f"{one[:80]!r}: {why}", place=place)
        try:
            topic_filter(one.encode())
        except (FixConfiguration, UnicodeEncodeError) as error:
            raise FixConfiguration("config.invalid", f"{one[:80]!r}: {error}", place=place) from error
    return found


class MachineTopics:
    """Of user names and of certificates. What is not in here has its device's own topics only."""

    def __init__(self, records: Records, events: Events, standing: Standing, clock_us: Callable[[], int]) -> None:
        self._records, self._events, self._standing, self._clock_us = records, events, standing, clock_us
        self._given: dict[Key, TopicsRow] = {}

    async def load(self) -> None:
        self._given = {(r.kind, r.name): r for r in await self._records.read(all_topics, tenant=ALL)}

    def of(self, kind: str, name: str) -> Topics:
        row = self._given.get((kind, name))
        return Topics(publish=row.publish, subscribe=row.subscribe) if row is not None else Topics()

    def with_everything(self, tenant: str) -> Iterator[Key]:
        """Name those of a company that may publish wherever they like."""
        return (key for key, row in self._given.items() if row.tenant == tenant and _is_all(row.publish))

    async def put(self, tenant: str, device: str, key: Key, wanted: Topics, *, by: str = "") -> Topics:
        """Give a machine these from now on: it is hung up on, and signs in anew. Returns what it had."""
        kind, name = key
        wanted = check_topics(wanted)
        before, row = self.of(*key), _row(tenant, key, wanted)
        detail = {"by": by, "publish": list(row.publish), "subscribe": list(row.subscribe)}
        told = Event(
            kind="credential.topics",
            time_us=self._clock_us(),
            tenant=tenant,
            subject=f"device:{device}",
            detail=detail | {"device": device, "username" if kind == "user" else "sha256": name},
        )
        await self._events.tell([told], with_work=lambda connection: put_topics(connection, row))
        self.take(tenant, key, wanted)
        self._standing.note(tenant, kind, name)
        return before

    def take(self, tenant: str, key: Key, wanted: Topics) -> None:
        """Follow the records."""
        self._given[key] = _row(tenant, key, wanted)
        if not wanted.publish and not wanted.subscribe:
            self._given.pop(key)

    def write(self, connection: sa.Connection, tenant: str, key: Key, wanted: Topics) -> None:
        """Write them with other work; ``take`` follows when that is done."""
        put_topics(connection, _row(tenant, key, wanted))

    def forget(self, kind: str, name: str) -> None:
        """Follow the records after a credential is gone."""
        self._given.pop((kind, name), None)

    def forget_tenant(self, tenant: str) -> None:
        self._given = {key: row for key, row in self._given.items() if row.tenant != tenant}


def _is_all(filters: Iterable[str]) -> bool:
    return any(within(one, EVERYTHING) for one in filters)


def _row(tenant: str, key: Key, wanted: Topics) -> TopicsRow:
    return TopicsRow(tenant, *key, wanted.publish, wanted.subscribe)
