"""What the children of the platform write down stays bounded."""

from __future__ import annotations

from pathlib import Path

from baigong.cli.children import put_aside


def test_a_long_log_is_put_aside_while_somebody_writes(tmp_path: Path) -> None:
    path = tmp_path / "gateway.log"
    with path.open("ab", buffering=0) as log:
        log.write(b"short\n")
        put_aside(path, 100)
        assert path.read_bytes() == b"short\n"
        log.write(b"x" * 100 + b"\n")
        put_aside(path, 100)
        log.write(b"goes on\n")
    assert path.read_bytes() == b"goes on\n"
    assert (tmp_path / "gateway.log.1").read_bytes() == b"short\n" + b"x" * 100 + b"\n"
