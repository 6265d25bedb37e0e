"""The commands as Click knows them, for the reference page and for checking what the pages show."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any


@cache
def command_tree() -> Any:
    """Return the root command, with all that ``main`` adds."""
    import typer

    from baigong.cli import (
        aas,
        aasplatform,
        aastemplate,
        ask,
        asset,
        assettype,
        audit,
        authority,
        bus,
        command,
        counting,
        fleet,
        grant,
        keep,
        lot,
        main,
        networks,
        opcua,
        person,
        records,
        screen,
        secrets,
        signin,
        tenant,
        use,
    )

    app = typer.Typer(help=main.app.info.help)
    app.registered_commands = list(main.app.registered_commands)
    for module in (
        aas, aasplatform, aastemplate, ask, asset, assettype, audit, authority, bus, command, counting, fleet, grant,
        keep, lot, networks, opcua, person, records, screen, secrets, signin, tenant, use,
    ):  # fmt: skip
        module.add(app)
    return typer.main.get_command(app)


def leaves(command: Any, path: str = "baigong") -> Iterator[tuple[str, Any]]:
    """Yield (words, command) of everything that can be called and is not hidden."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, below in command.commands.items():
        if not below.hidden:
            yield from leaves(below, f"{path} {name}")
