"""``baigong asset relate``, and relations as cells of a table: what assets have to do with each other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.vocab.relations import RELATIONS, relation_words, tidy

FIELD = "relations"  # before the name of one, where places are named
_MARKS = ("relation:", "关系:")  # before the heading of a relation of one's own
_BETWEEN = re.compile(r"[;\uff1b\s]+")  # the wide one is what Chinese keyboards write
_KIND_OF = {word: kind for kind, words in RELATIONS.items() for word in (kind, words.said_zh)}


def relate_asset(
    name: Annotated[str, typer.Argument(help="asset, like pump1")],
    kind: Annotated[str, typer.Argument(help=f"{', '.join(RELATIONS)}, or a name of your own")],
    others: Annotated[list[str], typer.Argument(help="other assets, like tank1")],
    drop: Annotated[bool, typer.Option("--drop", help="take the relation away")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Say what an asset has to do with others, beside the tree: pump1 feeds tank1."""
    from baigong.client.describing import relate

    words = relation_words(kind)
    with reach(data, url, token, tenant) as link:
        for other in others:
            relate(link, name, kind, other, drop=drop)
            more = " no more" if drop else f"; {other} {words.inverse} {name}"
            show.tell(f"{name} {words.said} {other}{more}")


def show_relations(found: Sequence[Mapping[str, Any]]) -> None:
    """Print relations as ``AssetAnswer`` has them."""
    rows = [
        (one["said"], one["other"], show.title(one), one["type"], "retired" if one["retired"] else "") for one in found
    ]
    show.table(("relation", "asset", "title", "type", ""), rows)


# -- as columns of a table -------------------------------------------------------------------------------------------


def relation_column(head: str) -> str:
    """Return which relation a heading means; empty: it means none.

    >>> relation_column("feeds"), relation_column("供给"), relation_column("relation:lubricates"), relation_column("kW")
    ('feeds', 'feeds', 'lubricates', '')
    """
    for mark in _MARKS:
        if head.startswith(mark):
            return head.removeprefix(mark).strip()
    return _KIND_OF.get(head.casefold().replace(" ", "_"), "")


def heading_of(kind: str) -> str:
    return kind if kind in RELATIONS else _MARKS[0] + kind


def split_names(cell: str) -> list[str]:
    """Return the assets that a cell names.

    >>> split_names("tank1; tank2\uff1b"), split_names(" ")
    (['tank1', 'tank2'], [])
    """
    return [one for one in _BETWEEN.split(cell) if one]


def read_relations(found: Any) -> dict[str, list[str]]:
    """Read what YAML says: names, or one name, of each relation. Raises ValueError for anything else."""
    if not isinstance(found or {}, dict):
        raise ValueError("write relations as feeds: [tank1]")
    made = {}
    for kind, others in (found or {}).items():
        names = others if isinstance(others, list) else [] if others is None else [others]
        if not all(isinstance(one, str) for one in names):
            raise ValueError(f"{kind} names assets, like [tank1]")
        made[str(kind)] = names
    return made


def merged(held: Mapping[str, list[str]] | None, told: Mapping[str, list[str]], replaces: bool) -> dict[str, list[str]]:
    """Return the relations that an asset is to have: those that are not told of stay, unless all are told."""
    return tidy(told if replaces else {**(held or {}), **told})
