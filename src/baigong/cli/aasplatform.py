"""``baigong aas import`` and ``export``: files of asset administration shells into a platform, and out of one."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.aas import aas
from baigong.cli.reach import Data, Tenant, Token, Url, download, find, reach
from baigong.cli.show import Json

_TOLD = 20  # findings in a terminal


def add(app: typer.Typer) -> None:
    """Add this module's commands to ``baigong aas``, wherever that is."""
    aas.command("import")(import_file)
    aas.command("export")(export_file)


def import_file(
    files: Annotated[list[Path], typer.Argument(help=".aasx, .json or .xml", exists=True, dir_okay=False)],
    check: Annotated[bool, typer.Option("--check", help="only say what would change, and what is wrong")] = False,
    tolerate: Annotated[bool, typer.Option("--tolerate", help="keep what breaks rules, too")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="put it in place of what bears the same id")] = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Import files into a platform: each one whole, or nothing of it. Every finding is told."""
    asked = {"check": check, "tolerate": tolerate, "replace": replace}
    params = {name: "true" for name, wanted in asked.items() if wanted}
    told: list[dict[str, Any]] = []
    with reach(data, url, token, tenant) as link:
        for file in files:
            answer = link.send("/aas/import", file.read_bytes(), "application/octet-stream", params=params)
            told.append({"file": str(file), **answer})
            if not as_json:
                _print(str(file), answer, check)
    if as_json:
        show.json(told)


def _print(file: str, answer: dict[str, Any], check: bool) -> None:
    chinese = show.language() == "zh"
    added, changed, same = (answer[name] for name in ("added", "changed", "unchanged"))
    if chinese:
        said = "将新增" if check else "已新增"
        line = f"{file}:{said} {added:,} 项,更改 {changed:,} 项,{same:,} 项未变;附件 {answer['files']:,} 个"
    else:
        said = "would be added" if check else "added"
        line = f"{file}: {added:,} {said}, {changed:,} changed, {same:,} are so already; {answer['files']:,} files"
    show.tell(line)
    for one in answer["findings"][:_TOLD]:
        advice = show.said(one, "advice")
        show.tell(f"  {one['level']} {one['code']} {one['at'] or one['path']}: {one['message']} {advice}")
    if len(answer["findings"]) > _TOLD:
        more = len(answer["findings"]) - _TOLD
        show.tell(f"  还有 {more:,} 条" if chinese else f"  and {more:,} more")
    for place in answer["left_out"]:
        show.tell(f"  {place}: 标识重复,未保留" if chinese else f"  {place}: its id was there before, not kept")


def export_file(
    target: Annotated[Path, typer.Argument(help="the file to write; its ending says which form", dir_okay=False)],
    shells: Annotated[list[str] | None, typer.Argument(help="ids of shells; none: all there is")] = None,
    submodels: Annotated[list[str] | None, typer.Option("--submodel", help="id of a submodel; several times")] = None,
    asset: Annotated[str | None, typer.Option(help="the shell that is made of this asset")] = None,
    older: Annotated[bool, typer.Option("--as-3.0", help="as readers of 3.0 understand it")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Write shells of a platform, their submodels and concept descriptions into one file."""
    from baigong.models.aas import MEDIA, form_of
    from baigong.models.aas.paths import encoded
    from baigong.stores.durable import replace_file

    accept = MEDIA[form_of(target.name)]
    where = find(data, url, token, tenant)
    params: dict[str, Any] = {
        name: [encoded(id) for id in ids] for name, ids in (("aasIds", shells), ("submodelIds", submodels)) if ids
    }
    version = "3.0" if older else "3.1"
    path = f"{where.url.rstrip('/')}/aas/v{version}/serialization"
    if asset:
        path, params = f"{where.url.rstrip('/')}/api/v1/assets/{quote(asset, safe='')}/aas", {"version": version}
    sink = io.BytesIO()
    size = download(where, "GET", path, accept, sink, params=params)
    replace_file(target, sink.getvalue())
    show.tell(f"{target}:{size:,} 字节" if show.language() == "zh" else f"{target}: {size:,} bytes")
