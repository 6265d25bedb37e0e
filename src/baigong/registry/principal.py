"""Who asks, as every room sees them, and what a second factor is to those who sign people in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

ADMIN = "admin"
ADMIN_ROLES = ("tenant_admin", "platform_operator")
NEVER_US = 1 << 62


@dataclass(slots=True, frozen=True)
class Principal:
    """Who asks. ``by``: how they proved it; ``session``: the digest of the cookie, for ending it.

    ``role``: one of the ready-made roles or several, with commas; ``token``: the public name of the API token,
    ``person``: whose it is; ``given``: the roles it was made with, of which ``role`` has what its person may have now.
    """

    tenant: str
    user: str
    role: str
    by: str  # "cookie" | "token"
    token: str = ""
    person: str = ""
    given: str = ""
    language: str = ""
    must_set_password: bool = False
    session: str = ""
    expires_us: int = NEVER_US
    how: str = ""  # of a session: password | passkey | account
    what: str = ""  # the passkey or the provider
    factor: bool = False  # whether this session has shown a second factor
    proved_us: int = 0  # when they last proved who they are

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles as policies name them; "admin" is the first person of an installation."""
        return ADMIN_ROLES if self.role == ADMIN else tuple(self.role.split(",")) if self.role else ()

    @property
    def called(self) -> str:
        """Return the token's or the person's name."""
        return self.token or self.user

    @property
    def full_name(self) -> str:
        """Return how they are written down: company/name."""
        return f"{self.tenant}/{self.called}"

    @property
    def asks_as(self) -> str:
        """Return who a wish is by: a person, or a program's title with the token's name, which nobody can choose."""
        return self.human or f"{self.user} ({self.token})"

    @property
    def human(self) -> str:
        """Return the person, of a token its maker; empty for a program that is nobody's, whatever its title."""
        return self.user if self.by == "cookie" else self.person


class SecondFactor(Protocol):
    """What somebody must show beside their password."""

    def has(self, person: str) -> bool: ...

    async def check(self, person: str, code: str) -> bool:
        """Say whether a code is good, and use it up."""
        ...


@dataclass(slots=True, frozen=True)
class From:
    """Where a sign-in comes from. ``browser``: what it says of itself."""

    address: str = ""
    browser: str = ""
