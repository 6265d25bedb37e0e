"""Every error the product raises across a room's border.

Sorted by what whoever reads it must do::

    BaigongError
    ├── RetryLater          nothing is wrong with the request; the world is busy, down or full
    ├── Reauthenticate      say who you are, or ask for a grant
    ├── FixConfiguration    the request, address, file or setting is wrong; it will stay wrong
    └── ReportBug           ours; the support bundle helps

Codes, HTTP status and advice live in ``errors.toml``; a code that is not there cannot be raised.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(slots=True, frozen=True)
class ErrorKind:
    """One row of ``errors.toml``."""

    code: str
    kind: str
    status: int
    title_zh: str
    advice: str
    advice_zh: str


@cache
def error_kinds() -> dict[str, ErrorKind]:
    """Read the table of codes, once."""
    table = tomllib.loads(files("baigong.vocab").joinpath("errors.toml").read_text("utf-8"))
    return {
        code: ErrorKind(code, row["kind"], row["status"], row["title_zh"], row["advice"], row["advice_zh"])
        for code, row in _flatten("", table)
    }


def _flatten(prefix: str, table: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    rows: list[tuple[str, dict[str, Any]]] = []
    for key, value in table.items():
        code = f"{prefix}.{key}" if prefix else key
        rows += [(code, value)] if "status" in value else _flatten(code, value)
    return rows


class BaigongError(Exception):
    """An error with a stable code, a place and a sentence of advice."""

    def __init__(self, code: str, message: str, *, place: str = "", **fields: Any) -> None:
        super().__init__(message)
        self.kind = error_kinds()[code]
        if self.kind.kind != type(self).__name__:
            raise TypeError(f"{code} is a {self.kind.kind}, not a {type(self).__name__}")
        self.code = code
        self.message = message
        self.place = place
        self.fields = fields

    @property
    def status(self) -> int:
        return self.kind.status

    @property
    def advice(self) -> str:
        return self.kind.advice

    def __str__(self) -> str:
        where = f" ({self.place})" if self.place else ""
        return f"{self.code}: {self.message}{where}. {self.advice}"

    def problem(self) -> dict[str, Any]:
        """Return the RFC 9457 problem document that API and bus send."""
        return {
            "type": f"urn:baigong:error:{self.code}",
            "title": self.message,
            "title_zh": self.kind.title_zh,
            "status": self.status,
            "code": self.code,
            "place": self.place,
            "advice": self.advice,
            "advice_zh": self.kind.advice_zh,
            **({"fields": self.fields} if self.fields else {}),
        }


class RetryLater(BaigongError):
    """The world is busy, down or full; the same request may succeed later."""


class Reauthenticate(BaigongError):
    """Nobody, or not you."""


class FixConfiguration(BaigongError):
    """The request or a setting is wrong and will stay wrong until somebody changes it."""


class ReportBug(BaigongError):
    """We are wrong."""


def from_problem(problem: dict[str, Any]) -> BaigongError:
    """Rebuild the error that another process sent as a problem document."""
    code = problem.get("code", "internal.error")
    if code not in error_kinds():
        code = "internal.error"
    cls = {c.__name__: c for c in (RetryLater, Reauthenticate, FixConfiguration, ReportBug)}[error_kinds()[code].kind]
    return cls(code, problem.get("title", "unknown error"), place=problem.get("place", ""), **problem.get("fields", {}))
