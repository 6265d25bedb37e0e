"""``baigong type import`` and ``export``: asset types of OPC UA NodeSets and TSL files, and as TSL again."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import msgspec
import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    from baigong.models.typetext import MadeType

_HEAD = 1 << 16  # bytes of a NodeSet that name its models
_LONGEST = 256 << 20
_PLACES = 3  # examples of one reason


class As(StrEnum):
    """A form that a type is written in."""

    TSL = "tsl"


def import_types(
    files: Annotated[list[Path], typer.Argument(help="NodeSet2 XML or TSL JSON", exists=True, dir_okay=False)],
    only: Annotated[list[str] | None, typer.Option(help="only this type, and what it extends; repeat")] = None,
    name: Annotated[str, typer.Option(help="what to call the type of a TSL file; default: as the file")] = "",
    check: Annotated[bool, typer.Option("--check", help="only say what it would make, and break")] = False,
    text: Annotated[bool, typer.Option("--text", help="print the types (YAML); no platform is needed")] = False,
    lost: Annotated[bool, typer.Option("--lost", help="list everything for which a type has no place")] = False,
    confirm: Annotated[int, typer.Option(help="so many assets it may break", min=0)] = 0,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Make asset types of OPC UA NodeSets or TSL files: all of them, or none.

    NodeSets that a NodeSet builds on are looked for in its folder.
    """
    made = list(_made(files, name, only or []))
    if not made:
        raise FixConfiguration("config.invalid", "no object type in it could be an asset", place=files[0].name)
    if text:
        sys.stdout.write("---\n".join(one.text for one in made))
        _tell_lost(made, every=lost)
        return
    body = {"types": [{"type": one.type, "text": one.text} for one in made], "check": check, "confirm": confirm}
    with reach(data, url, token, tenant) as link:
        found = link.json("POST", "/types", body=body)
    rows = [
        (
            one.type, one.extends, one.points or "", one.properties or "", len(one.lost) or "",
            "new" if one.type in found["added"] else "changed" if one.type in found["changed"] else "as it is",
        )
        for one in made
    ]  # fmt: skip
    show.table(("type", "extends", "points", "properties", "lost", ""), rows, right=("points", "properties", "lost"))
    _tell_lost(made, every=lost)
    for gap in found["breaks"]:
        show.tell(f"breaks {gap['asset']}: {gap['what']}: {gap['message']}")
    would = "would be " if check else ""
    show.tell(f"{len(found['added'])} types {would}added, {len(found['changed'])} {would}changed")


def export_type(
    name: Annotated[str, typer.Argument(help="asset type, like pump")],
    as_: Annotated[As, typer.Option("--as", help="in which form")] = As.TSL,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Write a type, with all that it extends, for another system; what that cannot say is listed on stderr."""
    from baigong.models.tsl import to_tsl
    from baigong.vocab.assettypes import AssetType

    with reach(data, url, token, tenant) as link:
        found = link.json("GET", f"/types/{quote(name, safe='')}")
    document, lost = to_tsl(msgspec.convert(found["whole"], AssetType))
    show.json(document)
    for one in lost:
        show.tell(f"not in {as_.value}: {one.what}: {one.reason}")


def _made(files: Sequence[Path], name: str, only: Sequence[str]) -> Iterable[MadeType]:
    """Yield the types of files, what others extend first."""
    from baigong.models.tsl import from_tsl

    nodesets = [file for file in files if _is_xml(file)]
    made = {one.type: one for one in _of_nodesets(nodesets)} if nodesets else {}
    for file in files:
        if file not in nodesets:
            one = from_tsl(_content(file), name or file.name.partition(".")[0], file.name)
            if one.type in made:
                raise FixConfiguration("config.invalid", f"another file makes a type {one.type} too", place=file.name)
            made[one.type] = one
    if not only:
        return made.values()
    wanted: dict[str, MadeType] = {}
    for asked in only:
        chain, step = list[str](), _meant(asked, made)
        while step:
            chain.append(step)
            step = made[step].extends
        wanted |= {one: made[one] for one in reversed(chain)}
    return wanted.values()


def _meant(asked: str, made: dict[str, MadeType]) -> str:
    """Find a type by its name, or by the end of it: PumpType of Pumps-PumpType."""
    import difflib

    if asked in made:
        return asked
    found = [one for one in made if one.endswith(f"-{asked}")]
    if len(found) == 1:
        return found[0]
    near = found or difflib.get_close_matches(asked, made, 3)
    more = f"; perhaps {', '.join(near)}" if near else ""
    raise FixConfiguration("http.not_found", f"no file makes a type {asked!r}{more}", place="--only")


def _of_nodesets(files: Sequence[Path]) -> Iterable[MadeType]:
    from baigong.models.nodesets import Maker, Space, read_nodeset

    documents = {file: read_nodeset(_content(file), file.name) for file in files}
    beside = _models_beside(files)
    wanted = [model for one in documents.values() for model in one.requires]
    while wanted:
        model = wanted.pop()
        file = beside.get(model)
        if file is not None and file not in documents and not any(model in d.models for d in documents.values()):
            documents[file] = read_nodeset(_content(file), file.name)
            wanted += documents[file].requires
    maker = Maker(Space(list(documents.values())))
    made: dict[str, MadeType] = {}
    for file in files:
        for model in documents[file].models:
            for id in maker.types(model):
                made |= {one.type: one for one in maker.chain(id)}
    return made.values()


def _models_beside(files: Sequence[Path]) -> dict[str, Path]:
    from baigong.models.nodesets import models_of

    found: dict[str, Path] = {}
    for folder in dict.fromkeys(file.resolve().parent for file in files):
        for file in sorted(folder.glob("*.[xX][mM][lL]")):
            with file.open("rb") as opened:
                head = opened.read(_HEAD)
            for model in models_of(head):
                found.setdefault(model, next((f for f in files if f.resolve() == file), file))
    return found


def _is_xml(file: Path) -> bool:
    with file.open("rb") as opened:
        return b"<" in opened.read(4).replace(b"\0", b"")


def _content(file: Path) -> bytes:
    if file.stat().st_size > _LONGEST:
        raise FixConfiguration("payload.too_large", f"a file has at most {_LONGEST >> 20} MB", place=str(file))
    return file.read_bytes()


def _tell_lost(made: Sequence[MadeType], *, every: bool) -> None:
    """Say for what a type has no place: how often, with examples, or every one."""
    if every:
        for one in made:
            for lost in one.lost:
                show.tell(f"not in {one.type}: {lost.what}: {lost.reason}")
        return
    counts = Counter(lost.reason for one in made for lost in one.lost)
    for reason, count in counts.most_common():
        places = [f"{one.type}:{lost.what}" for one in made for lost in one.lost if lost.reason == reason][:_PLACES]
        show.tell(f"not in a type: {count} × {reason} ({', '.join(places)}{', …' if count > _PLACES else ''})")
