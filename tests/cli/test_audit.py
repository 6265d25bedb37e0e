"""The audit log on the command line: read, taken away, checked without the platform, and a changed word is seen."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from baigong.security import merkle
from baigong.security.checkpoint import Checkpoint, new_log_key, sign_checkpoint, verifier_of
from baigong.security.verify import verify_lines
from baigong.vocab.errors import FixConfiguration
from tests.cli.conftest import Run


def test_what_was_done_is_listed_exported_and_verified(up: Path, run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "audited.yaml"
    spec.write_text("device: audited\ndriver: sim\npoints:\n- {name: a.x, address: constant}\n", "utf-8")
    assert run("device", "add", spec, "--data", up).code == 0
    assert "devices" in run("audit", "list", "--action", "configure", "--data", up).out

    file = tmp_path / "log.ndjson"
    said = run("audit", "export", file, "--data", up)
    key = said.err.strip().splitlines()[-1]
    assert "in the log, as signed" in run("audit", "verify", file, key).err
    alone = subprocess.run(
        [sys.executable, "-m", "baigong.security.verify", str(file), key], capture_output=True, text=True, check=False
    )
    assert alone.returncode == 0, alone.stderr

    file.write_text(file.read_text("utf-8").replace("configure", "c0nfigure"), "utf-8")
    forged = run("audit", "verify", file, key)
    assert forged.code == 2
    assert "audit.invalid" in forged.err


def test_a_log_that_was_cut_before_it_was_taken_away_is_seen(up: Path, run: Run, tmp_path: Path) -> None:
    kept, first, second = tmp_path / "kept", tmp_path / "first.ndjson", tmp_path / "second.ndjson"
    spec = tmp_path / "later.yaml"
    assert run("audit", "export", first, "--data", up).code == 0
    assert run("audit", "checkpoint", kept, "--data", up).code == 0
    spec.write_text("device: later\ndriver: sim\npoints:\n- {name: later.x, address: constant}\n", "utf-8")
    assert run("device", "add", spec, "--data", up).code == 0
    key = run("audit", "export", second, "--known", kept, "--data", up).err.strip().splitlines()[-1]
    assert "continues the known one" in run("audit", "verify", second, key, "--known", kept).err
    assert "continues" not in run("audit", "verify", second, key).err

    old = kept.read_text("utf-8")
    assert run("audit", "checkpoint", kept, "--data", up).code == 0  # goes on from the one it replaces
    assert kept.read_text("utf-8") != old
    assert run("audit", "verify", first, key).code == 0  # fits together: it is the log as it was before
    seen = run("audit", "verify", first, key, "--known", kept)
    assert seen.code == 2
    assert "it was cut" in seen.err
    first_line, size, *rest = old.split("\n")
    kept.write_text("\n".join([first_line, f"{int(size) + 7}", *rest]), "utf-8")
    assert "audit.invalid" in run("audit", "checkpoint", kept, "--data", up).err


def test_a_past_that_was_written_anew_is_seen() -> None:
    key = new_log_key()

    def line(texts: list[bytes], index: int) -> str:
        node = merkle.complete_nodes([merkle.leaf_hash(t) for t in texts])
        path = merkle.inclusion_proof(index, len(texts), node)
        note = sign_checkpoint(Checkpoint("plant", len(texts), merkle.root(len(texts), node)), key)
        proof = {"entry": texts[index].decode(), "index": index, "path": [b64encode(p).decode() for p in path]}
        return json.dumps(proof | {"checkpoint": note})

    def joined(texts: list[bytes], old: int) -> str:
        node = merkle.complete_nodes([merkle.leaf_hash(t) for t in texts])
        note = sign_checkpoint(Checkpoint("plant", len(texts), merkle.root(len(texts), node)), key)
        path = [b64encode(p).decode() for p in merkle.consistency_proof(old, len(texts), node)]
        return json.dumps({"old": old, "path": path, "checkpoint": note})

    was, grown, forged = [b"a", b"b"], [b"a", b"b", b"c"], [b"a", b"x", b"c"]
    verifier = str(verifier_of("plant", key))
    known = json.loads(line(was, 0))["checkpoint"]
    assert [i for i, _ in verify_lines([joined(grown, 2), line(grown, 2)], verifier, known)] == [2]
    for lines, said in (
        ([joined(forged, 2), line(forged, 2)], "not what it was"),
        ([line(grown, 2)], "no proof that this log continues"),
        ([line(was[:1], 0)], "it was cut"),
        ([], "nothing in this file"),
    ):
        with pytest.raises(FixConfiguration, match=said):
            list(verify_lines(lines, verifier, known))
