"""Passwords of people: argon2id, and the one-time secret of the first start. Pure; nothing is stored here."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from baigong.vocab.errors import FixConfiguration

MIN_LENGTH = 8  # NIST SP 800-63B-4, 3.1.1.2 asks for 8 with, 15 without a second factor; we ask for 8
_MAX_LENGTH = 1024  # characters; argon2 would take more, at our cost
# Without 0/o, 1/l/i: the secret is typed from a terminal.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@cache
def _hasher() -> PasswordHasher:
    # RFC 9106 §4, second recommended option: 64 MiB, 3 passes, 4 lanes; some 50 ms here.
    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)


def hash_password(password: str) -> str:
    """Return the argon2id encoding; takes some 50 ms of CPU and 64 MiB: run it in a thread."""
    return _hasher().hash(password)


def verify_password(encoded: str, password: str) -> bool:
    if len(password) > _MAX_LENGTH:
        return False
    try:
        return _hasher().verify(encoded, password)
    except (VerificationError, InvalidHashError):
        return False


def check_new_password(password: str, user: str) -> None:
    """Raise config.invalid when the password is too short, too long or the user's own name."""
    if len(password) < MIN_LENGTH:
        raise FixConfiguration(
            "config.invalid",
            f"a password has at least {MIN_LENGTH} characters; a sentence is a good one",
            place="password",
        )
    if len(password) > _MAX_LENGTH:
        raise FixConfiguration("config.invalid", f"a password has at most {_MAX_LENGTH} characters", place="password")
    if password.casefold() == user.casefold() or len(set(password)) < 4:
        raise FixConfiguration("config.invalid", "this password is the first that anybody would try", place="password")


def one_time_secret() -> str:
    """Make a secret that a person can type: four groups of four letters, 79 bits.

    >>> len(one_time_secret())
    19
    """
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
