"""A new key for everything that is stored closed; and a way on when the old key is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from baigong.registry.sealing import (
    KEY_FILE,
    SEALED_WITH,
    KeySource,
    find_key,
    open_ring,
    read_keys,
    write_keys,
)
from baigong.security.envelope import Ring, close_anew, masked, new_envelope_key
from baigong.stores.durable import replace_file
from baigong.stores.records import ALL, Records
from baigong.vocab.errors import FixConfiguration

_PLACES = ("audit.key", "certificates/*", "config/**/*", "gateway/**/*.json")
_LARGEST = 64 << 20
_LINE = re.compile(r""": ['"]?bge2:[^\s'"]+['"]?$""", re.MULTILINE)  # in YAML, where nothing at all would be null

Change = Callable[[str], tuple[str, int]]  # the text as it is to be, and how many secrets were changed in it
_KEPT = {"audit_entries", "audit_nodes"}  # what was logged stays as it was, word for word


def rotate(data: Path, records: Records) -> int:
    """Close everything with a new key; returns how many secrets. The platform is stopped, folder and records ours.

    The key file holds both keys until all is done, and the records change in one transaction: killed in between,
    everything opens as before, and run again it goes on with the same new key. A key that is given from elsewhere is
    not made here: give it as the first of two lines, and everything is closed with it.
    """
    source, ring = find_key(data), open_ring(data)
    if source.file is None and len(ring.keys) < 2:
        raise FixConfiguration(
            "config.invalid", "the key is given from outside: give a new one above the old one, and run this again"
        )
    if source.file is not None and not is_rotating(data):
        ring = Ring([new_envelope_key(), *ring.keys])
        write_keys(source.file, list(ring.keys))

    def anew(text: str) -> tuple[str, int]:
        return close_anew(text, ring)

    count = _sweep(data, records, anew)
    replace_file(data / SEALED_WITH, ring.name + "\n")
    if source.file is not None:
        write_keys(source.file, list(ring.keys[:1]))
    return count


def is_rotating(data: Path) -> bool:
    """Tell whether a rotation began and did not come to its end: the first of several keys closes not everything."""
    keys = read_keys(find_key(data).text, "key")
    sealed = data / SEALED_WITH
    wanted = sealed.read_text("ascii").strip() if sealed.exists() else ""
    return len(keys) > 1 and bool(wanted) and Ring(keys).name != wanted


def forget(data: Path, records: Records) -> int:
    """Empty every secret, for the key that opens them is lost; returns how many. Refused while the key is there."""
    source, sealed = find_key(data), data / SEALED_WITH
    wanted = sealed.read_text("ascii").strip() if sealed.exists() else ""
    if not wanted or wanted in Ring(read_keys(source.text, "key") or [b""]):
        raise FixConfiguration("config.conflict", "the key is here: nothing has to be forgotten", place=str(data))
    count = 0

    def empty(text: str) -> tuple[str, int]:
        changed = masked(_LINE.sub(": ''", text), "")
        return changed, text.count("bge2:") - changed.count("bge2:")

    for name in (
        "audit.key",
        "certificates/*.key",
    ):  # made anew at the next start, like the certificates they belong to
        for path in data.glob(name):
            if masked(text := path.read_text("utf-8", "replace"), "") != text:
                path.unlink()
                count += 1
    count += _sweep(data, records, empty, drop_empty=True)
    sealed.unlink()
    return count


def describe(data: Path) -> tuple[KeySource, str]:
    """Say where the key is, and the name of the key that opens what is stored."""
    sealed = data / SEALED_WITH
    return find_key(data), sealed.read_text("ascii").strip() if sealed.exists() else ""


def _sweep(data: Path, records: Records, change: Change, *, drop_empty: bool = False) -> int:
    count = 0
    for path in _files(data):
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        changed, number = change(text)
        if changed != text:
            replace_file(path, changed, mode=path.stat().st_mode & 0o777)
            count += number

    def work(connection: sa.Connection) -> int:
        return sum(_rows(connection, table, change, drop_empty=drop_empty) for table in _tables(connection))

    return count + records.write_now(work, tenant=ALL, alone=True)


def _files(data: Path) -> Iterator[Path]:
    for pattern in _PLACES:
        for path in sorted(data.glob(pattern)):
            if path.is_file() and path.name != KEY_FILE and path.stat().st_size <= _LARGEST:
                yield path


def _tables(connection: sa.Connection) -> list[sa.Table]:
    found = sa.MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.primary_key.columns and table.name not in _KEPT]


def _rows(connection: sa.Connection, table: sa.Table, change: Change, *, drop_empty: bool) -> int:
    texts = [c for c in table.columns if isinstance(c.type, sa.String) and not c.primary_key]
    keys = list(table.primary_key.columns)
    if not texts:
        return 0
    held = sa.select(*keys, *texts).where(sa.or_(*(c.like("%bge2:%") for c in texts)))
    count = 0
    for row in connection.execute(held).all():
        here = sa.and_(*(key == getattr(row, key.name) for key in keys))
        anew = {c.name: change(old) for c in texts if isinstance(old := getattr(row, c.name), str)}
        count += sum(number for _, number in anew.values())
        if drop_empty and table.name == "second_factors":  # a phone without its secret is no second factor
            connection.execute(table.delete().where(here))
        else:
            connection.execute(table.update().where(here).values({name: text for name, (text, _) in anew.items()}))
    return count
