"""``baigong screen …``: screens as texts that git can compare; those that are kept, and those that follow the plant."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json, Yes
from baigong.cli.textfile import bounded_text, name_in
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    from baigong.client.link import Link

screens = typer.Typer(no_args_is_help=True, help="Screens: mimics, faceplates, walls and dashboards, as texts.")

_WHAT, _LONGEST = "a screen", 4 << 20  # bytes of a text
_ENDINGS = (".jpg", ".jpeg", ".png", ".svg")
Name = Annotated[str, typer.Argument(help="screen, like pumphouse")]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(screens, name="screen")


@screens.command("list")
def list_screens(
    as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """List the screens that are kept, and of how many of their points there are none."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/screens")
    if as_json:
        show.json(found)
        return
    heads = ("screen", "title", "items", "points", "missing", "revision", "changed", "by")
    rows = [
        (
            line["screen"], show.title(line), line["items"], line["points"], line["missing"] or "", line["revision"],
            show.when(line["changed_us"]), line["changed_by"],
        )
        for line in found
    ]  # fmt: skip
    show.table(heads, rows, right=("items", "points", "missing", "revision"))


@screens.command("show")
def show_screen(
    name: Annotated[str, typer.Argument(help="screen; with --asset or --type an asset or type")],
    of_asset: Annotated[
        bool, typer.Option("--asset", help="how this asset is drawn, by its type or its points")
    ] = False,
    of_type: Annotated[bool, typer.Option("--type", help="how assets of this type are drawn")] = False,
    revision: Annotated[int | None, typer.Option(help="an earlier text", min=1)] = None,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Print a screen's text (YAML); what cannot be shown of it is said on stderr, with line and item."""
    path = f"/assets/{_safe(name)}/screen" if of_asset else f"/types/{_safe(name)}/screen" if of_type else _path(name)
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", path, params={"revision": revision} if revision else {})
    if as_json:
        show.json(found)
        return
    sys.stdout.write(found["text"])
    _told(name, found["findings"])


@screens.command("put")
def put_screen(
    file: Annotated[Path, typer.Argument(help="YAML, with `screen: name` in it or named by its file")],
    check: Annotated[bool, typer.Option("--check", help="only say what could not be shown")] = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Keep a screen, and say which of its points are not there."""
    text = bounded_text(file, _LONGEST, _WHAT)
    with reach(data, url, token, tenant) as link:
        told = _put(link, file, text, check)
    if as_json:
        show.json(told)
        return
    _told(str(file), told["findings"])
    name = told["screen"]["screen"]
    show.tell(f"{name}: nothing was written" if check else f"{name}: revision {told['revision']}")


@screens.command()
def drop(
    name: Name,
    yes: Yes = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Take a screen and its pictures away; its texts stay: `show --revision`."""
    with reach(data, url, token, tenant) as link:
        link.json("GET", _path(name))
        if not yes:
            show.require_typed(name, f"the screen {name} goes")
        link.json("DELETE", _path(name))
    show.tell(f"{name} is gone")


@screens.command("export")
def export_screens(
    folder: Annotated[Path, typer.Argument(help="folder to write to: NAME.yaml, and NAME/ with its pictures")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Write all screens that are kept into a folder; what is so already is not touched."""
    folder.mkdir(parents=True, exist_ok=True)
    with reach(data, url, token, tenant) as link:
        names = [line["screen"] for line in link.json("GET", "/screens")]
        changed = sum([_write(link, folder, name) for name in names])
    show.tell(f"{len(names)} screens, {changed} files written")


@screens.command("import")
def import_screens(
    folder: Annotated[Path, typer.Argument(help="folder with NAME.yaml and NAME/ with its pictures", exists=True)],
    check: Annotated[bool, typer.Option("--check", help="only say what could not be shown")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Keep all screens of a folder: none, where one of the texts cannot be read."""
    files = sorted(folder.glob("*.yaml"))
    texts = {file: bounded_text(file, _LONGEST, _WHAT) for file in files}
    with reach(data, url, token, tenant) as link:
        checked = {file: _put(link, file, text, check=True) for file, text in texts.items()}
        for file, told in checked.items():
            _told(str(file), [one for one in told["findings"] if not _is_beside(file, one)])
        for file, text in texts.items() if not check else ():
            _put(link, file, text, check=False)
            for picture in _pictures(file):
                _send(link, checked[file]["screen"]["screen"], picture)
    show.tell(f"{len(files)} screens" + ("; nothing was written" if check else ""))


def _path(name: str) -> str:
    return f"/screens/{_safe(name)}"


def _safe(name: str) -> str:
    return quote(name, safe="")


def _put(link: Link, file: Path, text: str, check: bool) -> dict[str, Any]:
    name = name_in(text, file, "screen")
    try:
        return dict(link.json("PUT", _path(name), body={"text": text, "check": check}))
    except FixConfiguration as error:
        raise FixConfiguration(error.code, error.message, place=f"{file}: {error.place}", **error.fields) from error


def _told(where: str, found: Sequence[Mapping[str, Any]]) -> None:
    for one in found:
        told = f"{show.said(one, 'message')}. {show.said(one, 'advice')}"
        show.tell(f"{where}:{one['line']} {one['item']} {one['field']}: {told}")


def _pictures(file: Path) -> Iterator[Path]:
    beside = file.with_suffix("")
    if beside.is_dir():
        yield from sorted(one for one in beside.iterdir() if one.suffix.lower() in _ENDINGS)


def _is_beside(file: Path, finding: Mapping[str, Any]) -> bool:
    """Say whether it is about a picture that comes with the same folder."""
    return finding["field"] in ("photo", "file") and any(one.name in finding["message"] for one in _pictures(file))


def _send(link: Link, name: str, picture: Path) -> None:
    path = f"{_path(name)}/files/{_safe(picture.name)}"
    link.send(path, picture.read_bytes(), "application/octet-stream", method="PUT")


def _write(link: Link, folder: Path, name: str) -> int:
    written = _replace(folder / f"{name}.yaml", link.json("GET", _path(name))["text"].encode())
    for one in link.json("GET", f"{_path(name)}/files"):
        (folder / name).mkdir(exist_ok=True)
        content = b"".join(link.stream(f"{_path(name)}/files/{_safe(one['name'])}"))
        written += _replace(folder / name / one["name"], content)
    return written


def _replace(file: Path, content: bytes) -> int:
    if file.exists() and file.read_bytes() == content:
        return 0
    file.write_bytes(content)
    return 1
