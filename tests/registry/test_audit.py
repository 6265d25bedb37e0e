"""The audit log grows, proves what is in it to a stranger, and shows any change of its past."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from baigong.registry.audit import Audit, Entry, append, open_log_key, stored_node
from baigong.security import merkle
from baigong.security.checkpoint import Verifier, read_checkpoint
from baigong.security.envelope import new_envelope_key
from baigong.stores.records import Records, open_records
from baigong.stores.records.audit import count_entries
from baigong.stores.records.tables import audit_entries
from baigong.vocab.errors import BaigongError
from tests.postgres import place_of, tamper

BOTH_DATABASES = True

KEY = new_envelope_key()


def entry(i: int, **more: object) -> Entry:
    return Entry(time_us=i, tenant="mould", who="li", action="command", object=f"Point:mould/{i}", **more)  # type: ignore[arg-type]


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    held = open_records(place_of(tmp_path))
    yield held
    await held.close()


@pytest.fixture
async def audit(records: Records, tmp_path: Path) -> AsyncIterator[Audit]:
    log = Audit(records, open_log_key(tmp_path / "audit.key", KEY), "plant.example")
    running = asyncio.create_task(log.run())
    yield log
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_every_entry_is_proven_to_a_stranger(audit: Audit, records: Records) -> None:
    await records.write(lambda c: append(c, [entry(i) for i in range(700)]))  # past two kept nodes
    await asyncio.gather(*(audit.note(entry(700 + i)) for i in range(11)))
    for index in (0, 255, 256, 511, 512, 699, 710):
        proof = await audit.prove(index)
        told = read_checkpoint(proof.checkpoint, Verifier.parse(proof.key))
        leaf = merkle.leaf_hash(proof.entry.encode())
        assert told.size == 711
        assert merkle.verify_inclusion(leaf, index, told.size, proof.path, told.root)
        assert not merkle.verify_inclusion(merkle.leaf_hash(b"{}"), index, told.size, proof.path, told.root)


async def test_the_tree_kept_in_pieces_is_the_tree(records: Records) -> None:
    leaves: list[bytes] = []
    for size in (3, 250, 4, 255, 1, 300):
        batch = [entry(len(leaves) + i) for i in range(size)]
        await records.write(partial(append, entries=batch))
        leaves = await records.read(lambda c: [bytes(r) for r in c.scalars(sa.select(audit_entries.c.leaf))])
        assert await records.read(_root) == merkle.root(len(leaves), merkle.complete_nodes(leaves))


def _root(connection: sa.Connection) -> bytes:
    return merkle.root(count_entries(connection), partial(stored_node, connection))


async def test_growth_is_proven(audit: Audit, records: Records) -> None:
    await records.write(lambda c: append(c, [entry(i) for i in range(300)]))
    old = read_checkpoint(await audit.checkpoint(), audit.verifier)
    await records.write(lambda c: append(c, [entry(i) for i in range(300, 900)]))
    new = read_checkpoint(await audit.checkpoint(), audit.verifier)
    path = await audit.consistency(old.size, new.size)
    assert merkle.verify_consistency(old.size, new.size, old.root, new.root, path)


async def test_a_changed_past_is_seen(audit: Audit, records: Records) -> None:
    await records.write(lambda c: append(c, [entry(i) for i in range(10)]))
    old = read_checkpoint(await audit.checkpoint(), audit.verifier)

    def change(connection: sa.Connection) -> None:
        forged = b'{"time_us":3,"tenant":"mould","who":"nobody","action":"see","object":"-"}'
        connection.execute(
            audit_entries.update()
            .where(audit_entries.c.seq == 3)
            .values(entry=forged.decode(), leaf=merkle.leaf_hash(forged))
        )

    await asyncio.to_thread(tamper, records, change)
    await records.write(lambda c: append(c, [entry(i) for i in range(10, 20)]))
    new = read_checkpoint(await audit.checkpoint(), audit.verifier)
    path = await audit.consistency(old.size, new.size)
    assert not merkle.verify_consistency(old.size, new.size, old.root, new.root, path)


async def test_a_checkpoint_of_another_hand_is_refused(audit: Audit, tmp_path: Path, records: Records) -> None:
    await audit.note(entry(0))
    other = Audit(records, open_log_key(tmp_path / "other.key", KEY), "plant.example")
    with pytest.raises(BaigongError, match="no signature") as caught:
        read_checkpoint(await other.checkpoint(), audit.verifier)
    assert caught.value.code == "audit.invalid"
    note = (await audit.checkpoint()).replace("\n1\n", "\n2\n")
    with pytest.raises(BaigongError, match="signature is wrong"):
        read_checkpoint(note, audit.verifier)


async def test_entries_are_found(audit: Audit) -> None:
    await audit.note(entry(1))
    await audit.note(entry(2, allowed=False, reason="auth.denied"))
    assert [r.seq for r in await audit.entries(tenant="mould")] == [1, 0]
    assert [r.seq for r in await audit.entries(tenant="mould", allowed=False)] == [1]
    assert await audit.entries(tenant="bank") == []
    assert [r.seq for r in await audit.entries(tenant=None, object="Point:mould/1")] == [0]


async def test_names_that_are_numbers_are_written_and_what_cannot_be_written_fails_alone(audit: Audit) -> None:
    with pytest.raises(TypeError):
        await audit.note(entry(1, after={(1, 2): "no name at all"}))
    await audit.note(entry(2, before={7: "a", "b": None}))
    assert [row.time_us for row in await audit.entries(tenant="mould")] == [2]


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.key"
    assert open_log_key(path, KEY) == open_log_key(path, KEY)
    assert path.stat().st_mode & 0o777 == 0o600
