"""``baigong opcua``: which SCADA applications our OPC UA server lets in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baigong.cli import show
from baigong.cli.show import Json

if TYPE_CHECKING:
    from baigong.api.opcua.trust import Clients

opcua = typer.Typer(no_args_is_help=True, help="Which applications our OPC UA server lets in, by their certificates.")
Data = Annotated[Path, typer.Option("--data", envvar="BAIGONG_DATA", help="data folder")]
Which = Annotated[str, typer.Argument(help="SHA-256 of the certificate, or its beginning; or a file (DER, PEM)")]
_HERE = Path("data")


def add(app: typer.Typer) -> None:
    """Add this module's commands to ``baigong``."""
    app.add_typer(opcua, name="opcua")


@opcua.command("clients")
def clients(as_json: Json = False, data: Data = _HERE) -> None:
    """List the applications that are trusted, and those that asked and wait."""
    held = _held(data)
    lines = [
        (state, facts) for state, many in (("trusted", held.trusted()), ("waiting", held.waiting())) for facts in many
    ]
    if as_json:
        show.json([{"state": state, **_plain(asdict(facts))} for state, facts in lines])
        return
    words = {"trusted": "已信任", "waiting": "待确认"} if show.language() == "zh" else {}
    for state, facts in lines:
        show.tell(f"{words.get(state, state)}  {facts.sha256[:16]}  {facts.application_uri}  {facts.subject}")
    if not lines:
        show.tell("还没有客户端" if show.language() == "zh" else "no application has asked yet")


@opcua.command("trust")
def trust(which: Which, data: Data = _HERE) -> None:
    """Let an application in: one that waits, or one whose certificate you have as a file."""
    held, path = _held(data), Path(which)
    facts = held.add(path.read_bytes()) if path.is_file() else held.trust(which)
    show.tell(f"{'已信任' if show.language() == 'zh' else 'trusted'}: {facts.application_uri} {facts.sha256}")


@opcua.command("distrust")
def distrust(which: Which, data: Data = _HERE) -> None:
    """Let an application in no longer; a connection that is open stays until it is closed."""
    facts = _held(data).drop(which)
    show.tell(
        f"{'不再信任' if show.language() == 'zh' else 'no longer trusted'}: {facts.application_uri} {facts.sha256}"
    )


def _held(data: Path) -> Clients:
    from baigong.api.opcua.trust import Clients
    from baigong.cli.place import check_is_data

    check_is_data(data)
    return Clients(data / "opcua")


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in facts.items()}
