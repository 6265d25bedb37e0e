"""``baigong usage|quota|tariff|bill``: what companies use, how much they may, and what it costs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, download, find, reach
from baigong.cli.show import Json
from baigong.cli.textfile import text_of
from baigong.vocab.errors import FixConfiguration

usage = typer.Typer(no_args_is_help=True, help="What companies use; counted in the lake.")
quota = typer.Typer(no_args_is_help=True, help="How much companies may use, as text.")
tariff = typer.Typer(no_args_is_help=True, help="What use costs, as text.")
bill = typer.Typer(no_args_is_help=True, help="Monthly bills: recomputed from the lake, issued, corrected.")

Company = Annotated[str, typer.Option("--company", help="id of the company; default: one's own")]
Month = Annotated[str, typer.Argument(help="like 2026-11; now: the present one")]
File = Annotated[Path, typer.Argument(help="the text; - reads standard input")]
_LEVELS = "platform, region/ID, company/ID, or site/ASSET (of one's own company)"


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    for name, group in (("usage", usage), ("quota", quota), ("tariff", tariff), ("bill", bill)):
        app.add_typer(group, name=name)


def _of(company: str) -> dict[str, str]:
    return {"tenant": company} if company else {}


@usage.command("show")
def show_usage(
    company: Company = "",
    month: Annotated[str, typer.Option(help="like 2026-11; default: the present one")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show what a company used in a month, and its quotas."""
    with reach(data, url, token) as link:
        found: dict[str, Any] = link.json("GET", "/usage", params=_of(company) | {"month": month})
    if as_json:
        show.json(found)
        return
    show.tell(f"{found['tenant']}, {found['month']}, counted up to {show.when(found['until_us'])}")
    rows = [(show.title(f), show.number(f["value"]), f["unit"].strip("{}")) for f in found["figures"]]
    show.table(("what", "used", "unit"), rows, right=("used",))
    _show_lines(found["quotas"])


@usage.command("list")
def list_usage(
    search: Annotated[str, typer.Option(help="a part of id or title")] = "",
    region: Annotated[str, typer.Option(help="only this region")] = "",
    trouble: Annotated[str, typer.Option(help="only over, failing, silent or near")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """List companies, those that need somebody first."""
    with reach(data, url, token) as link:
        asked = {"search": search, "region": region, "trouble": trouble, "limit": "200"}
        found: dict[str, Any] = link.json("GET", "/usage/companies", params=asked)
    if as_json:
        show.json(found)
        return
    rows = [
        (
            c["tenant"],
            show.title(c),
            ", ".join(c["troubles"]),
            f"{c['worst']['what']} {100 * c['worst']['part']:.0f} %" if c["worst"] else "",
            f"{c['counters']['values']:,.0f}",
            f"{c['levels'].get('storage_bytes', 0) / 1e9:.3f}",
            show.number(c["levels"].get("points", 0)),
            show.ago(c["last_us"] or None),
            f"{c['cost']} {c['currency']}" if c["cost"] else "",
        )
        for c in found["companies"]
    ]
    heads = ("company", "title", "trouble", "fullest quota", "values", "GB", "points", "last value", "cost")
    show.table(heads, rows, right=("values", "GB", "points", "cost"))


@usage.command("correct")
def correct_usage(
    company: Annotated[str, typer.Argument(help="id of the company")],
    month: Month,
    measure: Annotated[str, typer.Argument(help="values, query_s, storage (GB·month) or points (point·month)")],
    amount: Annotated[float, typer.Argument(help="is added; below 0 takes away")],
    reason: Annotated[str, typer.Option(help="why; kept in the audit log")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Correct what was counted: changes the bill before it is issued, makes a note possible afterwards."""
    body = {"month": month, "measure": measure, "amount": amount, "reason": reason}
    with reach(data, url, token) as link:
        link.json("POST", "/usage/corrections", params=_of(company), body=body)
    show.tell(f"{measure} of {company} in {month} corrected by {amount:g}")


@quota.command("show")
def show_quotas(
    company: Company = "", as_json: Json = False, data: Data = None, url: Url = None, token: Token = None
) -> None:
    """Show what applies to a company, the fullest first, and what was said at each level."""
    with reach(data, url, token) as link:
        found: dict[str, Any] = link.json("GET", "/quotas", params=_of(company))
    if as_json:
        show.json(found)
        return
    _show_lines(found["lines"])
    for text in found["texts"]:
        if text["text"].strip():
            show.tell(f"\n{text['level']} {text['place']}".rstrip())
            sys.stdout.write(text["text"].rstrip() + "\n")


@quota.command("set")
def set_quotas(
    where: Annotated[str, typer.Argument(help=_LEVELS)],
    file: File,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Set a level's quotas from text, one ``name: number`` a line; the text replaces what was there."""
    level, _, place = where.partition("/")
    paths = {"platform": "platform", "region": "regions/", "company": "companies/", "site": "sites/"}
    if level not in paths or bool(place) == (level == "platform"):
        raise FixConfiguration("config.invalid", f"{where!r} is none of {_LEVELS}", place="where")
    with reach(data, url, token) as link:
        link.json("PUT", f"/quotas/{paths[level]}{quote(place, safe='')}", body={"text": text_of(file)})
    show.tell(f"quotas of {where} are set")


@tariff.command("list")
def list_tariffs(as_json: Json = False, data: Data = None, url: Url = None, token: Token = None) -> None:
    """List every version of every tariff, newest first."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/tariffs")
    if as_json:
        show.json(found)
        return
    for one in found:
        show.tell(f"version {one['version']}")
        sys.stdout.write(one["text"].rstrip() + "\n")


@tariff.command("put")
def put_tariff(file: File, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Add a tariff from text; earlier versions stay, and hold where this one does not."""
    with reach(data, url, token) as link:
        made = link.json("POST", "/tariffs", body={"text": text_of(file)})
    show.tell(f"version {made['version']} holds from {made['tariff']['start']}")


@bill.command("list")
def list_bills(
    company: Company = "", as_json: Json = False, data: Data = None, url: Url = None, token: Token = None
) -> None:
    """List what was issued to a company, newest first."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/bills", params=_of(company))
    if as_json:
        show.json(found)
        return
    rows = [(b["number"], b["kind"], b["payable"], b["currency"], show.when(b["issued_us"])) for b in found]
    show.table(("number", "kind", "payable", "", "issued"), rows, right=("payable",))


@bill.command("show")
def show_bill(
    month: Month = "now",
    company: Company = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Compute a month's bill from the lake as it is now, and compare it with what was issued."""
    with reach(data, url, token) as link:
        found: dict[str, Any] = link.json("GET", f"/bills/{month}", params=_of(company))
    if as_json:
        show.json(found)
        return
    now, difference = found["now"], found["difference"]
    heads = ("item", "quantity", "free", "billed", "unit", "price", "amount", "tariff")
    rows = [tuple(line[name] for name in heads) for line in now["lines"]]
    show.table(heads, rows, right=("quantity", "free", "billed", "price", "amount"))
    show.tell(f"{now['tenant']} {now['month']}: {now['total']}, payable {now['payable']} {now['currency']}")
    for one in found["issued"]:
        show.tell(f"issued: {one['number']} {one['payable']} {one['currency']}")
    if difference and difference["lines"]:
        show.tell(f"the lake now says {difference['total']} more: baigong bill correct {now['month']}")


@bill.command("export")
def export_bill(
    file: Annotated[Path, typer.Argument(help="a .csv (UTF-8 with BOM) or .xlsx to write")],
    month: Month = "now",
    company: Company = "",
    number: Annotated[str, typer.Option(help="an issued bill or note; default: the month as the lake has it")] = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Write a bill to a file that spreadsheets open."""
    form = file.suffix.removeprefix(".").lower()
    if form not in ("csv", "xlsx"):
        raise FixConfiguration("config.invalid", "name a .csv or .xlsx file", place=str(file))
    params = _of(company) | {"format": form, "number": number, "language": show.language()}
    with file.open("wb") as sink:
        download(find(data, url, token), "GET", f"/bills/{month}", "*/*", sink, params=params)
    show.tell(f"{file} is written")


@bill.command("issue")
def issue_bill(
    month: Month,
    company: Annotated[str, typer.Argument(help="id of the company")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Make a month's bill final, once the month is over."""
    with reach(data, url, token) as link:
        made = link.json("POST", f"/bills/{month}/issue", params=_of(company))
    show.tell(f"{made['number']}: {made['payable']} {made['currency']}")


@bill.command("correct")
def correct_bill(
    month: Month,
    company: Annotated[str, typer.Argument(help="id of the company")],
    reason: Annotated[str, typer.Option(help="why; printed on the note")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Issue a note over what the lake says now less what was issued."""
    with reach(data, url, token) as link:
        made = link.json("POST", f"/bills/{month}/correct", params=_of(company), body={"reason": reason})
    show.tell(f"{made['number']} corrects {made['corrects']}: {made['payable']} {made['currency']}")


def _show_lines(lines: list[dict[str, Any]]) -> None:
    if not lines:
        return
    rows = [
        (x["what"], f"{x['used']:,.0f}", f"{x['limit']:,}", f"{100 * x['part']:.0f} %", f"{x['level']} {x['place']}")
        for x in lines
    ]
    show.table(("quota", "used", "limit", "", "said at"), rows, right=("used", "limit", ""))
