"""``baigong application …``: companies that want to come: listed, entered, asked, let in or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json
from baigong.vocab.errors import FixConfiguration

application = typer.Typer(no_args_is_help=True, help="Companies that want to come, for the operator's desk.")

# heads of a column, as people write them -> field
_HEADS = {
    "credit_code": ("credit_code", "credit code", "统一社会信用代码", "信用代码"),
    "title_zh": ("title_zh", "name_zh", "企业名称", "名称", "单位名称"),
    "title": ("title", "name", "company", "英文名称"),
    "region": ("region", "区域", "地区"),
    "contact": ("contact", "contact person", "联系人"),
    "phone": ("phone", "电话", "联系电话", "手机"),
    "email": ("email", "e-mail", "邮箱", "电子邮箱"),
    "wish": ("wish", "id", "标识", "企业标识"),
    "package": ("package", "starter package", "起步包"),
}
_FIELD = {head: field for field, heads in _HEADS.items() for head in heads}


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(application, name="application")


Id = Annotated[str, typer.Argument(help="of the application: a_…")]


@application.command("list")
def list_applications(
    state: Annotated[str, typer.Option(help="only new, taken, asked, refused or approved")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """List the queue: what waits first, the oldest first."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/applications", params={"state": state})
    if as_json:
        show.json(found)
        return
    rows = [
        (a["id"], a["title_zh"] or a["title"], a["region"], a["credit_code"], a["state"], a["reviewer"], _doubles(a))
        for a in found
    ]
    show.table(("id", "company", "region", "credit code", "state", "reviewer", "stands against it"), rows)


@application.command("show")
def show_application(id: Id, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Show one, with its history."""
    with reach(data, url, token) as link:
        show.json(link.json("GET", _path(id)))


@application.command()
def take(id: Id, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Take one to review."""
    with reach(data, url, token) as link:
        link.json("POST", _path(id, "take"))
    show.tell(f"{id} is yours")


@application.command()
def ask(
    id: Id,
    question: Annotated[str, typer.Argument(help="the applicant reads it")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Send one back with a question."""
    with reach(data, url, token) as link:
        link.json("POST", _path(id, "ask"), body={"text": question})
    show.tell(f"{id} waits for an answer")


@application.command()
def refuse(
    id: Id,
    reason: Annotated[str, typer.Argument(help="the applicant reads it")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Refuse one."""
    with reach(data, url, token) as link:
        link.json("POST", _path(id, "refuse"), body={"text": reason})
    show.tell(f"{id} is refused")


@application.command()
def approve(
    id: Id,
    company: Annotated[str, typer.Option("--id", help="the company's id; default: as it wished")] = "",
    admin: Annotated[str, typer.Option(help="name of its first administrator; default: <id>-admin")] = "",
    package: Annotated[str, typer.Option(help="its starter package; default: as it wished, or first-steps")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Let one in; prints the first administrator's one-time password, shown this once. Repeat to finish its package."""
    with reach(data, url, token) as link:
        body = {"tenant": company, "admin": admin, "package": package}
        made = link.json("POST", _path(id, "approve"), body=body)
    if as_json:
        show.json(made)
        return
    told = made["application"]
    rest = "" if told["finished"] else "; its package is not finished: approve again"
    show.tell(f"{told['tenant']} is made; its administrator is {told['admin']}{rest}")
    if made["password"]:
        print(made["password"])


@application.command()
def secret(id: Id, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Print a new first password of a company that nobody has come in to yet."""
    with reach(data, url, token) as link:
        made = link.json("POST", _path(id, "secret"))
    show.tell(f"for {made['admin']}, shown this once:")
    print(made["password"])


@application.command()
def rules(
    opened: Annotated[bool | None, typer.Option("--open/--closed", help="companies may apply by themselves")] = None,
    two_persons: Annotated[
        bool | None, typer.Option("--two-persons/--one-person", help="nobody approves what they entered")
    ] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show or change who may apply, and who may approve."""
    with reach(data, url, token) as link:
        held = link.json("GET", "/applications/rules")
        wanted = {
            "open": held["open"] if opened is None else opened,
            "two_persons": held["two_persons"] if two_persons is None else two_persons,
        }
        if opened is not None or two_persons is not None:
            link.json("PUT", "/applications/rules", body=wanted)
    print(f"applications by companies: {'open, at /apply' if wanted['open'] else 'closed'}")
    print(f"whoever entered one approves it: {'no' if wanted['two_persons'] else 'yes'}")


@application.command("import")
def import_applications(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX; first row: credit_code, title_zh, region, contact, …")],
    check: Annotated[bool, typer.Option("--check", help="only look whether all of it can be entered")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Enter many companies from a file: all of them, or none where a row is wrong."""
    wishes = read_wishes(file)
    if check:
        from baigong.vocab.credit_code import credit_code

        for number, wish in enumerate(wishes, 2):
            try:
                credit_code(wish["credit_code"])
            except FixConfiguration as error:
                raise FixConfiguration(error.code, f"row {number}: {error.message}", place=str(file)) from error
        show.tell(f"{file}: {len(wishes)} companies can be entered")
        return
    with reach(data, url, token) as link:
        made = link.json("POST", "/applications", body={"companies": wishes, "imported": True})
    doubles = [a for a in made if a["doubles"]]
    show.tell(f"{file}: {len(made)} companies wait for a reviewer; {len(doubles)} seem to be here already")
    for one in doubles:
        print(f"{one['id']}\t{one['title_zh'] or one['title']}\t{_doubles(one)}")


def read_wishes(file: Path) -> list[dict[str, str]]:
    """Read a table of companies; heads are known in English and Chinese, rows without a credit code are refused."""
    from baigong.cli.tabular import pieces

    wishes: list[dict[str, str]] = []
    for piece in pieces(file):
        fields = {_FIELD.get(name.strip().casefold()): name for name in piece.table.column_names}
        unknown = [n for n in piece.table.column_names if n.strip() and n.strip().casefold() not in _FIELD]
        if unknown or "credit_code" not in fields:
            known = ", ".join(_HEADS)
            what = f"nobody knows the column {unknown[0]!r}" if unknown else "there is no column credit_code"
            raise FixConfiguration("payload.malformed", f"{what}; known are {known}", place=str(file))
        columns = {field: piece.table.column(name).to_pylist() for field, name in fields.items() if field}
        for number, row in enumerate(zip(*columns.values(), strict=True), piece.row):
            wish = {f: str(v).strip() for f, v in zip(columns, row, strict=True) if v is not None and str(v).strip()}
            if wish and "credit_code" not in wish:
                raise FixConfiguration("payload.malformed", f"row {number} has no credit code", place=str(file))
            if wish:
                wishes.append(wish)
    if not wishes:
        raise FixConfiguration("payload.malformed", "there is no company in it", place=str(file))
    return wishes


def _path(id: str, act: str = "") -> str:
    return f"/applications/{quote(id, safe='')}" + (f"/{act}" if act else "")


def _doubles(one: dict[str, Any]) -> str:
    return "; ".join(f"{d['what'].replace('_', ' ')}: {d['name'] or 'of another region'}" for d in one["doubles"])
