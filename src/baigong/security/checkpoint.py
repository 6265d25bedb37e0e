"""Signs how long the audit log is and what it holds, as a note that others' tools read: C2SP tlog-checkpoint. Pure.

A checkpoint is three lines (whose log, how many entries, root hash) and the Ed25519 signature of a key that is known
outside. Two checkpoints of one log that no consistency proof joins are evidence that its past was rewritten.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from baigong.vocab.errors import FixConfiguration

_ED25519 = b"\x01"  # C2SP signed-note: the kind of signature


@dataclass(slots=True, frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes


@dataclass(slots=True, frozen=True)
class Verifier:
    """The public half of a log's key, as handed to others: ``name+id+key`` (C2SP signed-note)."""

    name: str
    key: bytes

    @classmethod
    def parse(cls, text: str) -> Verifier:
        name, _, rest = text.strip().partition("+")
        marked, _, encoded = rest.partition("+")
        raw = _decoded(encoded)
        if raw[:1] != _ED25519 or len(raw) != 33:
            raise FixConfiguration("audit.invalid", "this is no Ed25519 key of a log", place="key")
        found = cls(name, raw[1:])
        if found.id.hex() != marked:
            raise FixConfiguration("audit.invalid", "the key does not carry its own mark: a letter was changed")
        return found

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.key).decode()}"


def new_log_key() -> bytes:
    """Make a log's private key: 32 bytes, to be kept apart from the log."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def verifier_of(name: str, private: bytes) -> Verifier:
    return Verifier(name, Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw())


def sign_checkpoint(checkpoint: Checkpoint, private: bytes) -> str:
    """Return the signed note.

    >>> key = new_log_key()
    >>> note = sign_checkpoint(Checkpoint("plant.example", 2, b"0" * 32), key)
    >>> read_checkpoint(note, verifier_of("plant.example", key)).size
    2
    """
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"
    signature = Ed25519PrivateKey.from_private_bytes(private).sign(text.encode())
    verifier = verifier_of(checkpoint.origin, private)
    return f"{text}\n\u2014 {verifier.name} {base64.b64encode(verifier.id + signature).decode()}\n"


def read_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """Return what a note says. Raises audit.invalid unless ``verifier``'s key has signed it."""
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    for line in signatures.splitlines():
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        raw = _decoded(encoded)
        if dash == "\u2014" and name == verifier.name and raw[:4] == verifier.id:
            try:
                Ed25519PublicKey.from_public_bytes(verifier.key).verify(raw[4:], text.encode())
            except InvalidSignature as error:
                raise FixConfiguration("audit.invalid", "the checkpoint's signature is wrong", place=name) from error
            origin, size, root = [*text.split("\n"), "", ""][:3]
            if origin != verifier.name or not size.isdecimal() or len(_decoded(root)) != 32:
                raise FixConfiguration("audit.invalid", "the checkpoint says nothing sensible", place=name)
            return Checkpoint(origin, int(size), _decoded(root))
    raise FixConfiguration(
        "audit.invalid", f"no signature of {verifier.name} is on this checkpoint", place="checkpoint"
    )


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
