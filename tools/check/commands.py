"""The commands as Click knows them, for the reference page and for checking what the pages show."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any


@cache
def command_tree() -> Any:
    """Return the root command, with all that ``main`` adds."""
    import typer

    from baigong.cli import main
    from baigong.cli.parts import PARTS, add_parts

    app = typer.Typer(help=main.app.info.help)
    app.registered_commands = list(main.app.registered_commands)
    add_parts(app, list(PARTS))
    return typer.main.get_command(app)


def leaves(command: Any, path: str = "baigong") -> Iterator[tuple[str, Any]]:
    """Yield (words, command) of everything that can be called and is not hidden."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, below in command.commands.items():
        if not below.hidden:
            yield from leaves(below, f"{path} {name}")
