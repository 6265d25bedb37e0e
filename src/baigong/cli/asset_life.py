"""``baigong asset life``: as designed, as built, as maintained; and to tell what happened."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json
from baigong.vocab.life import WORDS, Told

_SHOWN = ("text", "part", "serial", "previous", "title", "file", "device", "points", "type", "version", "from", "to")


def life(
    name: Annotated[str, typer.Argument(help="asset, like pump1")],
    add: Annotated[
        Told | None, typer.Option("--add", help="tell that this happened; it is added, never changed")
    ] = None,
    text: Annotated[str, typer.Option(help="what happened, in words")] = "",
    at: Annotated[str, typer.Option(help="when, like 2024-05-01 or 2024-05-01T08:00Z; left out: now")] = "",
    part: Annotated[str, typer.Option(help="what was put in")] = "",
    serial: Annotated[
        str, typer.Option(help="its serial number; of the asset itself when it was made or installed")
    ] = "",
    previous: Annotated[str, typer.Option(help="serial number of what it took the place of")] = "",
    cost: Annotated[float | None, typer.Option(help="what it cost")] = None,
    currency: Annotated[str, typer.Option(help="of the cost, like CNY or EUR (ISO 4217)")] = "",
    corrects: Annotated[str, typer.Option(help="the entry that this one puts right")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Show the life of an asset, the newest first; with --add, tell what happened to it."""
    from baigong.client.describing import asset_path
    from baigong.client.times import moment_us

    with reach(data, url, token, tenant) as link:
        if add is not None:
            told: dict[str, Any] = {
                "kind": add, "text": text, "part": part, "serial": serial, "previous": previous, "currency": currency,
                "corrects": corrects,
            } | ({"cost": cost} if cost is not None else {}) | ({"time_us": moment_us(at)} if at else {})  # fmt: skip
            made = link.json("POST", f"{asset_path(name)}/life", body=told)
            show.tell(f"{made['id']}: {name} was {WORDS[add][0]} at {show.when(made['time_us'])}")
            return
        found = link.json("GET", f"{asset_path(name)}/life")
    if as_json:
        show.json(found)
        return
    _print(found)


def _print(found: dict[str, Any]) -> None:
    chinese = show.language() == "zh"
    designed, built = found["designed"], found["built"]
    chain = " → ".join(designed["chain"])
    facts = [
        ("as designed", designed["type"] and f"{designed['type']}@{designed['version']} ({chain})"),
        ("serial", built["serial"]),
        ("manufactured", show.when(built["manufactured_us"]) if built["manufactured_us"] is not None else ""),
        ("commissioned", show.when(built["commissioned_us"]) if built["commissioned_us"] is not None else ""),
        ("parts", ", ".join(part["asset"] for part in built["parts"])),
    ]  # fmt: skip
    show.table(("", ""), [(what, told) for what, told in facts if told])
    rows = []
    for one in found["entries"]:
        detail = one["detail"]
        told = [f"{detail[what]}" for what in _SHOWN if detail.get(what) not in (None, "")]
        if detail.get("cost") is not None:
            told.append(f"{detail['cost']:g} {detail.get('currency', '')}".rstrip())
        if one["corrected_by"]:
            told.append(f"put right by {one['corrected_by']}")
        word = WORDS[one["kind"]][chinese] if one["kind"] in WORDS else one["kind"]
        rows.append((show.when(one["time_us"]), one["phase"], word, " · ".join(told), one["by"], one["id"]))
    show.table(("time", "as", "what", "", "by", "entry"), rows)
