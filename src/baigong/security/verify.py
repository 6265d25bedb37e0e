"""A small tool for others: checks an exported audit log without the platform that wrote it.

``python -m baigong.security.verify FILE [KEY] [--known CHECKPOINT]``; the file has one proof a line
(``GET /api/v1/audit/export``), KEY is the log's public key as known from elsewhere: a key taken from the file itself
proves only that the file fits together. CHECKPOINT is a file with a signed checkpoint that was kept earlier: with it
the log is proven to have only grown since; without it a log that was cut before it was taken away looks whole.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from baigong.security import merkle
from baigong.security.checkpoint import Checkpoint, Verifier, read_checkpoint
from baigong.vocab.errors import BaigongError, FixConfiguration


def verify_lines(lines: Iterable[str], key: str = "", known: str = "") -> Iterator[tuple[int, str]]:
    """Check one proof a line; yield (number of the entry, its text). Raises audit.invalid with the line.

    ``known``: a signed checkpoint kept earlier; every line's log has to be that one, or to continue it.
    """
    verifier = Verifier.parse(key) if key else None
    past: _Past | None = None
    count = 0
    for count, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"line {count}"
        try:
            proof = json.loads(line)
            verifier = verifier or Verifier.parse(proof["key"])
            past = past or (_Past(read_checkpoint(known, verifier)) if known else None)
            told = read_checkpoint(proof["checkpoint"], verifier)
            path = [base64.b64decode(p, validate=True) for p in proof["path"]]
            if past is not None:
                past.joins(proof, told, path)
            if "entry" not in proof:  # joins the log to the checkpoint known
                continue
            leaf, index = merkle.leaf_hash(proof["entry"].encode()), int(proof["index"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FixConfiguration("audit.invalid", f"no proof: {error}", place=place) from error
        except BaigongError as error:
            raise FixConfiguration("audit.invalid", error.message, place=place) from error
        if not merkle.verify_inclusion(leaf, index, told.size, path, told.root):
            raise FixConfiguration("audit.invalid", f"entry {index} is not in the log that was signed", place=place)
        yield index, proof["entry"]
    if known and past is None:
        raise FixConfiguration("audit.invalid", "nothing in this file belongs to a log", place=f"line {count}")


class _Past:
    """The checkpoint known from before, and the later ones that are proven to continue it."""

    def __init__(self, known: Checkpoint) -> None:
        self._known = known
        self._joined = {(known.size, known.root)}

    def joins(self, proof: dict[str, Any], told: Checkpoint, path: list[bytes]) -> None:
        """Raise audit.invalid unless ``told`` continues the known log: by this line's proof, or by one before it."""
        known, at = self._known, (told.size, told.root)
        if at in self._joined:
            return
        if told.size >= known.size and ("entry" in proof or proof["old"] != known.size):
            message = "no proof that this log continues the one of the known checkpoint; export it again with --known"
        else:
            message = not_grown(known, told, path)
        if not message:
            self._joined.add(at)
            return
        raise FixConfiguration("audit.invalid", message, place="known")


def not_grown(known: Checkpoint, told: Checkpoint, path: Sequence[bytes]) -> str:
    """Say why the log of ``told`` does not continue that of ``known``; nothing where ``path`` proves that it does."""
    if told.size < known.size:
        return f"this log has {told.size} entries, it had {known.size} at the known checkpoint: it was cut"
    if known.size and not merkle.verify_consistency(known.size, told.size, known.root, told.root, path):
        return f"what stood before entry {known.size} is not what it was at the known checkpoint"
    return ""


def said(count: int, key: str, known: str) -> str:
    """Say in a sentence what was proven."""
    whose = "" if key else " by the key in the file itself"
    return f"{count} entries are in the log, as signed{whose}" + ("; it continues the known one" if known else "")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m baigong.security.verify", description="Check an exported audit log.")
    parser.add_argument("file", help="one proof a line, as exported")
    parser.add_argument("key", nargs="?", default="", help="the log's public key, known from elsewhere")
    parser.add_argument("--known", default="", metavar="CHECKPOINT", help="file of a checkpoint kept earlier")
    told = parser.parse_args(arguments)
    try:
        known = Path(told.known).read_text("utf-8") if told.known else ""
        with open(told.file, encoding="utf-8") as lines:
            count = sum(1 for _ in verify_lines(lines, told.key, known))
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except UnicodeDecodeError:
        print("NOT PROVEN: this is no text", file=sys.stderr)
        return 1
    except BaigongError as error:
        print(f"NOT PROVEN: {error.place}: {error.message}", file=sys.stderr)
        return 1
    print(said(count, told.key, known))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
