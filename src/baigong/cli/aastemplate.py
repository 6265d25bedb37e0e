"""``baigong aas template``: the templates that a platform keeps, a blank form of one, and a submodel of the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from baigong.cli import show
from baigong.cli.aas import aas
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json

template = typer.Typer(help="Submodels from IDTA templates that were imported.", no_args_is_help=True)
Asset = Annotated[str, typer.Argument(help="asset, like pump1")]


def add(app: typer.Typer) -> None:
    """Add this module's commands to ``baigong aas``, wherever that is."""
    aas.add_typer(template, name="template")


@template.command("list")
def list_them(
    as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """List the templates that are kept; `baigong aas import` brings more."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/aas-templates")["templates"]
    if as_json:
        show.json(found)
        return
    show.table(("name", "version", "id"), [(one["id_short"], one["version"], one["id"]) for one in found])


@template.command()
def blank(
    id: Annotated[str, typer.Argument(help="id of the template")],
    target: Annotated[Path, typer.Argument(help="the .json file to write", dir_okay=False)],
    asset: Annotated[str, typer.Option(help="fill in what its properties answer")] = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Write a form to fill in: every field of a template, empty or as known of the asset."""
    from baigong.models.aas.paths import encoded
    from baigong.stores.durable import replace_file

    with reach(data, url, token, tenant) as link:
        found = link.json("GET", f"/aas-templates/{encoded(id)}", params={"asset": asset} if asset else {})
    answers = _blank(found["form"]["fields"], found["answers"])
    replace_file(target, msgspec.json.format(msgspec.json.encode({"template": id, "answers": answers})) + b"\n")
    show.tell(str(target))


@template.command()
def fill(
    asset: Asset,
    source: Annotated[Path, typer.Argument(help="the filled in .json file", exists=True, dir_okay=False)],
    check: Annotated[bool, typer.Option("--check", help="only say what is missing or wrong")] = False,
    incomplete: Annotated[bool, typer.Option("--incomplete", help="keep it although answers are missing")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Make a submodel of an asset from a filled in form."""
    from baigong.client.describing import asset_path

    asked = {"check": check, "incomplete": incomplete}
    params = {name: "true" for name, wanted in asked.items() if wanted}
    with reach(data, url, token, tenant) as link:
        told = link.send(f"{asset_path(asset)}/submodels", source.read_bytes(), "application/json", params=params)
    for one in told["findings"]:
        advice = show.said(one, "advice")
        show.tell(f"  {one['code']} {one['at'] or one['path']}: {one['message']}. {advice}")
    show.tell(told["id"])


def _blank(fields: list[dict[str, Any]], known: dict[str, Any]) -> dict[str, Any]:
    return {one["id_short"]: _answer(one, known.get(one["id_short"])) for one in fields}


def _answer(one: dict[str, Any], known: Any) -> Any:
    kind, inside = one["kind"], one["fields"]
    if kind == "SubmodelElementCollection":
        made: Any = _blank(inside, known or {})
    elif kind == "SubmodelElementList":
        made = [_answer(item, None) for item in inside]
    elif kind == "Entity":
        made = {"globalAssetId": "", "statements": _blank(inside, {})}
    elif kind == "MultiLanguageProperty":
        made = {"zh": "", "en": ""} | (known or {})
    elif kind == "Range":
        made = {"min": "", "max": ""}
    elif kind.endswith("RelationshipElement"):
        made = {"first": "", "second": ""}
    else:
        made = known or (False if kind in ("Operation", "Capability", "BasicEventElement") else "")
    if one["is_named"]:
        return [{"idShort": "", "value": made}]
    return made if one["most"] == 1 else [made]
