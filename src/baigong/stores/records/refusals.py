"""What a PostgreSQL server or the way to it refuses, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolEmpty

from baigong.stores.records.place import Server
from baigong.vocab.errors import BaigongError, FixConfiguration, ReportBug, RetryLater

_CONFLICTS = ("40001", "40P01")  # serialization_failure, deadlock_detected
_AWAY = ("08", "57P0", "53300")  # connection, shutting down or starting up, too many connections
_FULL = ("53100", "53200", "53400")  # disk, memory, a configured limit
_READ_ONLY = ("25006", "0A000")  # 0A000 (cannot do that): a standby knows no serializable transactions
LOCKED, _FORBIDDEN = "55P03", "42501"
_WALL = "ExecWithCheckOptions"  # who in the server says that a row is on the other side of a tenant's wall
# Before a server has answered libpq gives no code but English words; the server itself may speak any language.
_SILENT = ("refused", "resolve", "timeout", "timed out", "closed the connection", "No such file", "unreachable",
           "starting up", "shutting down", "too many", "reset by peer", "bad connection")  # fmt: skip
_UNTRUSTED = ("certificate", "SSL", "TLS")


class Conflict(Exception):
    """The transaction met another one; nothing was done."""


class Lost(Exception):
    """The connection broke; nothing was done."""


@contextmanager
def mapped(server: Server) -> Iterator[None]:
    """Let no foreign exception out of this room; ``Conflict`` and ``Lost`` are for whoever tries again."""
    try:
        yield
    except IntegrityError as error:
        raise FixConfiguration("config.conflict", f"the records already hold that: {_said(error)}") from error
    except DataError as error:
        raise FixConfiguration("config.invalid", f"the records cannot hold that: {_said(error)}") from error
    except PoolEmpty as error:
        raise RetryLater("storage.busy", "every connection to the records is in use", place=server.shown) from error
    except DBAPIError as error:
        raise _translated(error, server) from error


def _translated(error: DBAPIError, server: Server) -> Exception:
    state, said = getattr(error.orig, "sqlstate", None) or "", _said(error)
    if state in _CONFLICTS:
        return Conflict(said)
    if error.connection_invalidated:
        return Lost(said)
    if not state:
        return _connecting(said, server)
    if state == _FORBIDDEN and error.orig is not None and error.orig.diag.source_function == _WALL:  # type: ignore[attr-defined]
        return ReportBug("internal.error", f"work about one company reached for another's: {said}", place="records")
    return _of_state(state, said, server)


def _connecting(said: str, server: Server) -> BaigongError:
    if any(word in said for word in _UNTRUSTED):
        return FixConfiguration("storage.untrusted", said, place=server.shown)
    if any(word in said for word in _SILENT):
        return RetryLater("storage.unreachable", said, place=server.shown)
    return FixConfiguration("storage.denied", said, place=server.shown)


def _of_state(state: str, said: str, server: Server) -> BaigongError:
    if state.startswith(_AWAY):
        return RetryLater("storage.unreachable", said, place=server.shown)
    if state in _FULL:
        return RetryLater("storage.full", f"the records cannot grow: {said}", place=server.shown)
    if state in _READ_ONLY:
        return FixConfiguration("storage.unfit", f"the server takes no writes: {said}", place=server.shown)
    if state == LOCKED:
        return RetryLater("storage.busy", f"the records are held: {said}", place=server.shown)
    if state == _FORBIDDEN:
        return FixConfiguration("storage.role", said, place=server.shown)
    return ReportBug("internal.error", f"records: {state} {said}", place="records")


def _said(error: DBAPIError) -> str:
    """Return what the driver said, in one line."""
    return " ".join(str(error.orig).split())
