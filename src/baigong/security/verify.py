"""A small tool for others: checks an exported audit log without the platform that wrote it.

``python -m baigong.security.verify FILE [KEY]``; the file has one proof a line (``GET /api/v1/audit/export``), KEY is
the log's public key as known from elsewhere: a key taken from the file itself proves only that the file fits together.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable, Iterator

from baigong.security import merkle
from baigong.security.checkpoint import Verifier, read_checkpoint
from baigong.vocab.errors import BaigongError, FixConfiguration


def verify_lines(lines: Iterable[str], key: str = "") -> Iterator[tuple[int, str]]:
    """Check one proof a line; yield (number of the entry, its text). Raises audit.invalid with the line."""
    verifier = Verifier.parse(key) if key else None
    for count, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"line {count}"
        try:
            proof = json.loads(line)
            verifier = verifier or Verifier.parse(proof["key"])
            told = read_checkpoint(proof["checkpoint"], verifier)
            path = [base64.b64decode(p, validate=True) for p in proof["path"]]
            leaf, index = merkle.leaf_hash(proof["entry"].encode()), int(proof["index"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FixConfiguration("audit.invalid", f"no proof: {error}", place=place) from error
        except BaigongError as error:
            raise FixConfiguration("audit.invalid", error.message, place=place) from error
        if not merkle.verify_inclusion(leaf, index, told.size, path, told.root):
            raise FixConfiguration("audit.invalid", f"entry {index} is not in the log that was signed", place=place)
        yield index, proof["entry"]


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print("usage: python -m baigong.security.verify FILE [KEY]", file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as lines:
            count = sum(1 for _ in verify_lines(lines, *arguments[1:]))
    except OSError as error:
        print(f"{arguments[0]}: {error.strerror}", file=sys.stderr)
        return 2
    except BaigongError as error:
        print(f"NOT PROVEN: {error.place}: {error.message}", file=sys.stderr)
        return 1
    print(f"{count} entries are in the log, as signed" + ("" if len(arguments) > 1 else " by the key in the file"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
