"""Which module adds which commands: only those of the word that somebody wrote are imported.

All of them take more than a second of a core, one a few tenths.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module

import typer

PARTS = {
    "aas": ("aas",),
    "aasplatform": ("aas",),
    "aastemplate": ("aas",),
    "application": ("application",),
    "ask": ("query", "import", "export"),
    "asset": ("asset",),
    "assettype": ("type",),
    "audit": ("audit",),
    "authority": ("ca",),
    "bus": ("bus",),
    "businessrecord": ("record",),
    "command": ("write", "command", "stop"),
    "consent": ("support",),
    "counting": ("point", "retention"),
    "fleet": ("device", "point"),
    "keep": ("doctor", "backup", "restore", "bundle", "service"),
    "lot": ("lot",),
    "package": ("package",),
    "person": ("person",),
    "signin": ("sign-in",),
    "grant": ("grant", "why-may"),
    "records": ("records",),
    "region": ("region",),
    "screen": ("screen",),
    "secrets": ("secrets",),
    "sheet": ("sheet",),
    "task": ("task",),
    "tenant": ("tenant",),
    "networks": ("networks",),
    "opcua": ("opcua",),
    "use": ("usage", "quota", "tariff", "bill"),
}


def wanted(words: Sequence[str], own: Collection[str] = ()) -> list[str]:
    """Return the modules that a command line needs: all of them where help is asked for, or where no word is known.

    ``own``: commands that need none.

    >>> wanted(["--ca", "ca.pem", "point", "list"]), wanted(["up", "--port", "80"], {"up"})
    (['counting', 'fleet'], [])
    >>> len(wanted(["--help", "asset"])) == len(wanted(["asst"])) == len(PARTS)
    True
    """
    parts = {word for added in PARTS.values() for word in added}
    known = [word for word in words if word == "--help" or word in parts or word in own]
    if not known or known[0] == "--help":
        return list(PARTS)
    # of all of them: what stands before the command may be called as one, like the file of --ca
    return [module for module, added in PARTS.items() if not set(known).isdisjoint(added)]


def add_parts(app: typer.Typer, modules: Sequence[str]) -> None:
    """Let modules add their commands."""
    for module in modules:
        import_module(f"baigong.cli.{module}").add(app)
