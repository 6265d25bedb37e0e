"""A command imports what it needs, and none is forgotten."""

from __future__ import annotations

from importlib import import_module

import pytest
import typer

from baigong.cli.parts import PARTS, wanted


def test_every_module_adds_the_words_that_are_said_of_it() -> None:
    said: dict[str, set[str]] = {}
    for module in PARTS:
        app = typer.Typer()
        import_module(f"baigong.cli.{module}").add(app)
        groups = {group.name for group in app.registered_groups if isinstance(group.name, str)}
        commands = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
        said[module] = {*groups, *commands}
    added_to_another = {"aasplatform": {"aas"}, "aastemplate": {"aas"}, "counting": {"point", "retention"}}
    assert {m: set(words) for m, words in PARTS.items()} == said | added_to_another


@pytest.mark.parametrize(
    ("line", "modules"),
    [
        ("point list", ["counting", "fleet"]),
        ("--ca ca.pem aas template list", ["aas", "aasplatform", "aastemplate"]),
        ("device add demo", ["fleet"]),
        ("--ca demo point list", ["counting", "fleet"]),
        ("up --port 80", []),
        ("asset --help", ["asset"]),
        ("--help asset", list(PARTS)),
        ("asst list", list(PARTS)),
        ("", list(PARTS)),
    ],
)
def test_a_command_line_brings_its_modules_only(line: str, modules: list[str]) -> None:
    assert wanted(line.split(), {"up", "demo"}) == modules
