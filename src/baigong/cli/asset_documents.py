"""``baigong asset files …``: manuals, drawings and certificates of assets and types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json, Yes
from baigong.vocab.documents import CLASSES
from baigong.vocab.errors import FixConfiguration

files = typer.Typer(no_args_is_help=True, help="Manuals, drawings and certificates of assets and types.")

_KINDS = ", ".join(f"{kind} {title[0].lower()}" for kind, title in CLASSES.items())
Subject = Annotated[str, typer.Argument(help="asset, like pump1; type:pump for what every pump has")]
Kind = Annotated[str, typer.Option("--kind", help=f"class of VDI 2770: {_KINDS}")]
Id = Annotated[str, typer.Argument(help="document, as `asset files list` names it")]


def subject_of(told: str) -> dict[str, str]:
    return {"type": told.removeprefix("type:")} if told.startswith("type:") else {"asset": told}


@files.command("list")
def list_files(
    subject: Annotated[str, typer.Argument(help="asset, or type:pump; left out: all")] = "",
    search: Annotated[str, typer.Option(help="words of title, file name or class; pinyin too")] = "",
    kind: Kind = "",
    retired: Annotated[bool, typer.Option("--retired", help="those that were retired")] = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List documents: those of an asset, with those of its type."""
    asked = {"search": search, "kind": kind} | (subject_of(subject) if subject else {})
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/documents", params=asked | ({"retired": "true"} if retired else {}))
    if as_json:
        show.json(found["documents"])
        return
    heads = ("document", "title", "kind", "version", "language", "valid from", "of", "file", "bytes")
    show.table(heads, [_row(one) for one in found["documents"]], right=("bytes",))


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    of = one["asset"] or f"type:{one['type']}"
    size = "content deleted" if one["emptied_us"] else f"{one['size']:,}"
    kind = f"{one['kind']} {CLASSES[one['kind']][show.language() == 'zh']}" if one["kind"] else ""
    return (one["id"], show.title(one), kind, one["version"], one["language"], one["valid_from"], of, one["file"], size)


@files.command("add")
def add_file(
    subject: Subject,
    paths: Annotated[list[Path], typer.Argument(help="files", exists=True, dir_okay=False)],
    title: Annotated[str, typer.Option(help="what people call it; left out: the file's name")] = "",
    title_zh: Annotated[str, typer.Option("--title-zh", help="the same in Chinese")] = "",
    kind: Kind = "",
    language: Annotated[str, typer.Option(help="zh, en, de …")] = "",
    version: Annotated[str, typer.Option(help="the document's own")] = "",
    valid_from: Annotated[str, typer.Option("--valid-from", help="2026-11-22")] = "",
    replaces: Annotated[str, typer.Option(help="the document whose next version it is; that one is retired")] = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Hand files in as documents of an asset or a type."""
    from baigong.client.documents import add_document

    if len(paths) > 1 and (title or replaces):
        raise FixConfiguration("config.invalid", "a title or --replaces is of one file", place="--title")
    told = {
        "title": title, "title_zh": title_zh, "kind": kind, "language": language, "version": version,
        "valid_from": valid_from, "replaces": replaces,
    }  # fmt: skip
    with reach(data, url, token, tenant) as link:
        for path in paths:
            made = add_document(link, path, **subject_of(subject), **told)
            show.tell(f"{made.id}: {made.title}, {made.facts['media']}, {made.facts['size']:,} bytes")


@files.command("get")
def get_file(
    id: Id,
    to: Annotated[Path, typer.Option(help="file or folder")] = Path(),
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Save the content of a document; what is there already stays."""
    from baigong.client.documents import Document

    with reach(data, url, token, tenant) as link:
        path = Document(link, link.json("GET", f"/documents/{id}")).save(to)
    show.tell(f"wrote {path}")


@files.command("retire")
def retire_file(
    id: Id,
    delete_content: Annotated[
        bool, typer.Option("--delete-content", help="delete the file for good; what stays says what it was")
    ] = False,
    yes: Yes = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Take a document out of the lists; with --retired it is still found."""
    with reach(data, url, token, tenant) as link:
        held = link.json("GET", f"/documents/{id}")
        if delete_content and not yes:
            show.require_typed(id, f"the content of {show.title(held)} is deleted")
        link.json("DELETE", f"/documents/{id}", params={"content": "delete"} if delete_content else None)
    show.tell(f"{id} is retired" + (", its content deleted" if delete_content else ""))
