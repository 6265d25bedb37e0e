"""``baigong task …``: what is to be done, by whom; and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json
from baigong.cli.textfile import number_of
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.tasks import Kind, Priority, State

task = typer.Typer(no_args_is_help=True, help="Tasks: work of named people, with an outcome that stays with the asset.")

Id = Annotated[str, typer.Argument(help="the task's id, or its number")]
Due = Annotated[str, typer.Option(help="until when, like 2026-11-30T16:00+08:00 or +8h")]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(task, name="task")


@task.command("list")
def list_tasks(
    state: Annotated[str, typer.Option(help="open, late, done, verified, … ; all: any")] = "open",
    asset: Annotated[str, typer.Option(help="of this asset and what lies below it")] = "",
    who: Annotated[str, typer.Option(help="of this person")] = "",
    limit: Annotated[int, typer.Option(help="most rows", min=1, max=10_000)] = 200,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List tasks: those due first, first."""
    asked = {"state": "" if state == "all" else state, "asset": asset, "assignee": who, "limit": limit}
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/tasks", params=asked)["tasks"]
    if as_json:
        show.json(found)
        return
    rows = [
        (
            f"#{one['number']}",
            show.title(one["spec"]),
            one["spec"]["asset"],
            "late" if one["late"] else one["state"],
            one["spec"]["assignee"] or one["spec"]["role"],
            "" if one["spec"]["due_us"] is None else show.when(one["spec"]["due_us"]),
            one["id"],
        )
        for one in found
    ]
    show.table(("", "title", "asset", "state", "for", "due", "id"), rows)


@task.command("show")
def show_task(
    id: Id, as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """Show one task: its checklist, and who did what."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", f"/tasks/{_id(link, id)}")
    if as_json:
        show.json(found)
        return
    _print(found)


@task.command()
def new(
    asset: Annotated[str, typer.Argument(help="what it is about, like pump1")],
    title: Annotated[str, typer.Argument(help="what is wrong, or to be done")],
    text: Annotated[str, typer.Option(help="more about it")] = "",
    kind: Annotated[Kind, typer.Option(help="what kind of work")] = "corrective",
    who: Annotated[str, typer.Option(help="the person who is to do it")] = "",
    role: Annotated[str, typer.Option(help="else whoever has this role, like maintenance")] = "",
    due: Due = "",
    priority: Annotated[Priority, typer.Option(help="how much it matters")] = "medium",
    alarm: Annotated[str, typer.Option(help="the alarm it is made of, by its name in the type")] = "",
    check: Annotated[
        list[str] | None, typer.Option(help="a line of the checklist: 'oil' or 'oil=2..4 bar@pump1.oil'; repeat")
    ] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Make a task."""
    told: dict[str, Any] = {
        "asset": asset, "title": title, "text": text, "kind": kind, "assignee": who, "role": role,
        "priority": priority, "due_us": _due(due), "checklist": [_check(one) for one in check or []],
    }  # fmt: skip
    told |= {"origin": "alarm", "origin_ref": f"{asset}/{alarm}"} if alarm else {}
    with reach(data, url, token, tenant) as link:
        made = link.json("POST", "/tasks", body=told)
    show.tell(f"#{made['number']} {made['id']}")


@task.command()
def change(
    id: Id,
    to: Annotated[State | None, typer.Option(help="the state it goes into")] = None,
    result: Annotated[list[str] | None, typer.Option(help="what was found: 'oil=2.4', 'clean=yes'; repeat")] = None,
    cause: Annotated[str, typer.Option(help="why it was so")] = "",
    outcome: Annotated[str, typer.Option(help="what was done")] = "",
    hours: Annotated[float, typer.Option(help="hours worked; they add up", min=0)] = 0.0,
    comment: Annotated[str, typer.Option(help="a word to add")] = "",
    who: Annotated[str | None, typer.Option(help="give it to this person; empty: to nobody")] = None,
    due: Due = "",
    photo: Annotated[list[Path] | None, typer.Option(help="a picture, JPEG or PNG; repeat")] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Work on a task: fill in its checklist, go on, give it to somebody."""
    from baigong.client.tasks import Task

    with reach(data, url, token, tenant) as link:
        made = Task(link, link.json("GET", f"/tasks/{_id(link, id)}"))
        kinds = {one["item"]: one["kind"] for one in made.facts["spec"]["checklist"]}
        results = dict(_result(one, kinds) for one in result or [])
        words = {"cause": cause, "outcome": outcome, "hours": hours, "comment": comment}
        told: dict[str, Any] = {name: value for name, value in words.items() if value}
        told |= {} if who is None else {"assignee": who}
        told |= {"due_us": _due(due)} if due else {}
        for one in photo or []:
            made = made.add_photo(one)
        if to or results or told:
            made = made.change(to, results, **told)
    show.tell(f"#{made.facts['number']} is {made.state}")


def _id(link: Any, told: str) -> str:
    """Return a task's id; a number is looked up."""
    if not told.lstrip("#").isdecimal():
        return told
    found = link.json("GET", "/tasks", params={"limit": 10_000})["tasks"]
    return next((str(one["id"]) for one in found if one["number"] == int(told.lstrip("#"))), told)


def _due(told: str) -> int | None:
    """Read a time; ``+8h`` is in eight hours."""
    import time

    from baigong.client.times import moment_us
    from baigong.vocab.devices import seconds

    if not told.startswith("+"):
        return moment_us(told) if told else None
    try:
        return time.time_ns() // 1000 + round(seconds(told[1:]) * 1e6)
    except ValueError as error:
        raise FixConfiguration("config.invalid", str(error), place="--due") from error


def _check(told: str) -> dict[str, Any]:
    """Read a line of a checklist: a name, then what is right, its unit, and the point it becomes a value of."""
    item, _, right = told.partition("=")
    if not right:
        return {"item": item}
    right, _, point = right.partition("@")
    bounds, _, unit = right.strip().partition(" ")
    low, _, high = bounds.partition("..")
    made: dict[str, Any] = {"item": item, "kind": "number", "unit": unit, "point": point}
    return made | {name: number_of(value, item) for name, value in (("low", low), ("high", high)) if value}


def _result(told: str, kinds: dict[str, str]) -> tuple[str, Any]:
    """Read what was found at a line of a checklist, as that line is of kind."""
    item, _, text = told.partition("=")
    kind = kinds.get(item, "check")
    if kind == "number":
        return item, number_of(text, item)
    return item, text.lower() in ("", "yes", "true", "1", "ok", "是") if kind == "check" else text


def _print(found: dict[str, Any]) -> None:
    spec, done = found["spec"], found["progress"]
    facts = [
        ("task", f"#{found['number']} {spec['title']}"),
        ("asset", spec["asset"]),
        ("state", found["state"] + (", late" if found["late"] else "")),
        ("for", spec["assignee"] or spec["role"] or "anybody"),
        ("due", "" if spec["due_us"] is None else show.when(spec["due_us"])),
        ("origin", f"{spec['origin']} {spec['origin_ref']}".strip()),
        ("text", spec["text"]),
        ("cause", done["cause"]),
        ("outcome", done["outcome"]),
        ("hours", ", ".join(f"{who} {hours:g}" for who, hours in done["hours"].items())),
        ("photos", str(len(done["photos"])) if done["photos"] else ""),
    ]
    show.table(("", ""), [(what, told) for what, told in facts if told])
    if spec["checklist"]:
        results = done["results"]
        blank: dict[str, Any] = {"value": None, "note": "", "fine": None}
        words = {None: "", True: "fine", False: "WRONG"}
        lines = [(one, results.get(one["item"], blank)) for one in spec["checklist"]]
        rows = [
            (one["item"], one["title"], held["value"], one["unit"], words[held["fine"]], held["note"])
            for one, held in lines
        ]
        show.table(("item", "", "found", "unit", "", "note"), rows)
    steps = [(show.when(one["at_us"]), one["by"], _said(one["change"])) for one in found["steps"]]
    if steps:
        show.table(("time", "by", "what"), steps)


def _said(change: dict[str, Any]) -> str:
    told = [str(change[name]) for name in ("to", "assignee", "cause", "outcome", "comment") if change.get(name)]
    told += [f"{one['item']}={one.get('value')}" for one in change.get("results", [])]
    told += [f"{change['hours']:g} h"] if change.get("hours") else []
    return " · ".join(told + (["photo"] if change.get("photo") else []))
