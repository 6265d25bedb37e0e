"""A new key for what is stored closed, killed at every step: nothing is ever lost, and run again it ends well."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from baigong.cli.doctor import key_of_secrets
from baigong.registry import resealing
from baigong.registry.sealing import KEY_FILE, open_ring
from baigong.security.envelope import close, open_envelope
from baigong.stores.records import Records, Server, open_records
from baigong.stores.records.access import ensure_tenant, put_setting, settings_of
from tests.postgres import place_of

BOTH_DATABASES = True
_CLOSED = re.compile(r"bge2:[^\s\"]+")
_MOST_STEPS = 40


def _fill(data: Path, records: Records) -> None:
    ring = open_ring(data)
    folder = data / "config" / "main" / "devices"
    folder.mkdir(parents=True)
    for n in range(2):
        (folder / f"d{n}.yaml").write_text(f"password: {close(f'file {n}', ring, f'f{n}')}\n")

    def work(connection: sa.Connection) -> None:
        ensure_tenant(connection, "main", 1)
        for n in range(2):
            put_setting(connection, f"s{n}", f'{{"password": "{close(f"row {n}", ring, f"r{n}")}"}}')

    records.write_now(work)


def _opened(data: Path, records: Records) -> list[str]:
    """Open everything with the keys that are there now."""
    ring = open_ring(data)
    texts = [(data / f"config/main/devices/d{n}.yaml").read_text() for n in range(2)]
    texts += [text for name, text in sorted(records.read_now(lambda c: settings_of(c, "s")).items())]
    return [
        open_envelope(_CLOSED.search(text)[0], ring, purpose)  # type: ignore[index]
        for text, purpose in zip(texts, ("f0", "f1", "r0", "r1"), strict=True)
    ]


def _killed_at(step: int, data: Path, place: Path | Server) -> bool:
    """Rotate in a process that is killed right before its nth step; tells whether there were so many."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    left = [step]

    def counted(work: Any) -> Any:
        def run(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return work(*args, **named)

        return run

    try:
        for name in ("write_keys", "replace_file", "_rows"):
            setattr(resealing, name, counted(getattr(resealing, name)))
        records = open_records(place)
        resealing.rotate(data, records)
        records.close_now()
        os._exit(0)
    finally:
        os._exit(1)


def test_a_rotation_killed_at_any_step_loses_nothing_and_is_run_again(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    if isinstance(place, Server) and not os.environ.get("BAIGONG_LONG"):
        pytest.skip("the steps are those on SQLite: BAIGONG_LONG=1 kills at them here too")
    records = open_records(place)
    _fill(tmp_path, records)
    secrets = ["file 0", "file 1", "row 0", "row 1"]
    old, rotating = open_ring(tmp_path).name, 0
    step = 1
    while _killed_at(step, tmp_path, place):
        assert _opened(tmp_path, records) == secrets, step
        rotating += resealing.is_rotating(tmp_path)
        (verdict,) = key_of_secrets(tmp_path)
        assert verdict.state == ("uncertain" if resealing.is_rotating(tmp_path) else "good")
        step += 1
        assert step < _MOST_STEPS * 2
    assert rotating > 4, "it was killed in the middle, too"
    assert _opened(tmp_path, records) == secrets
    assert len((tmp_path / KEY_FILE).read_text().split()) == 1, "and the old key is gone"
    assert open_ring(tmp_path).name != old
    (verdict,) = key_of_secrets(tmp_path)
    assert verdict.state == "good"
    records.close_now()
