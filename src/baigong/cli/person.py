"""``baigong person …``: the people of a company."""

from __future__ import annotations

import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json
from baigong.vocab.errors import FixConfiguration

person = typer.Typer(no_args_is_help=True, help="The people of a company: who they are and what they may do.")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(person, name="person")


Name = Annotated[str, typer.Argument(help="the name a person signs in with")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="a role; several are allowed")]


@person.command("list")
def list_people(as_json: Json = False, data: Data = None, url: Url = None, token: Token = None) -> None:
    """List who may come in."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/people")
    if as_json:
        show.json(found)
        return
    rows = [
        (
            p["name"],
            ", ".join(p["roles"]),
            "locked" if p["locked"] else "one-time password" if p["must_set_password"] else "",
            "yes" if p["second_factor"] else "",
            p["sessions"],
            show.when(p["signed_in_us"]),
        )
        for p in found
    ]
    show.table(("name", "roles", "state", "second factor", "sessions", "signed in"), rows, right=("sessions",))


@person.command("add")
def add_person(
    name: Name,
    role: Roles = None,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Add a person; prints the one-time password, shown this once."""
    with reach(data, url, token) as link:
        made = link.json("POST", "/people", body={"name": name, "roles": role or ["viewer"]})
    _tell_secret(made, as_json)


@person.command()
def roles(
    name: Annotated[str, typer.Argument(help="whose roles to change; left out: list the roles there are")] = "",
    role: Roles = None,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Give a person these roles and no others, or list the ready-made roles."""
    with reach(data, url, token) as link:
        if name and role:
            link.json("PUT", f"/people/{quote(name, safe='')}/roles", body={"roles": role})
            show.tell(f"{name} is now {', '.join(role)}")
            return
        if name:
            raise FixConfiguration("config.invalid", "say which roles, with --role", place="--role")
        found: list[dict[str, Any]] = link.json("GET", "/roles")
    if as_json:
        show.json(found)
        return
    show.table(("role", "", "may"), [(r["role"], r["title_zh"], ", ".join(r["actions"])) for r in found])


@person.command()
def lock(
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help="let them in again")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Shut a person out, with every session and token of theirs."""
    with reach(data, url, token) as link:
        link.json("PUT", f"/people/{quote(name, safe='')}/lock", body={"locked": not undo})
    show.tell(f"{name} may come in again" if undo else f"{name} is shut out")


@person.command()
def reset(
    name: Name,
    second_factor: Annotated[bool, typer.Option("--second-factor", help="take phone and passkeys away too")] = False,
    tokens: Annotated[bool, typer.Option("--tokens", help="end the API tokens that they made, too")] = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Give a person a new one-time password, shown this once; the old password and all sessions are gone."""
    with reach(data, url, token) as link:
        body = {"second_factor": second_factor, "tokens": tokens}
        made = link.json("POST", f"/people/{quote(name, safe='')}/reset", body=body)
    _tell_secret(made, as_json)


@person.command()
def remove(name: Name, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Delete a person with sessions and tokens; what they did stays in the audit log."""
    with reach(data, url, token) as link:
        link.json("DELETE", f"/people/{quote(name, safe='')}")
    show.tell(f"{name} is gone")


@person.command()
def sessions(
    name: Name,
    end: Annotated[str, typer.Option(help="end this session (its id), or all")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """List where a person is signed in, or end sessions."""
    path = f"/people/{quote(name, safe='')}/sessions"
    with reach(data, url, token) as link:
        if end:
            link.json("DELETE", path if end == "all" else f"{path}/{quote(end, safe='')}")
            show.tell("ended")
            return
        found: list[dict[str, Any]] = link.json("GET", path)
    if as_json:
        show.json(found)
        return
    rows = [
        (s["id"], show.when(s["created_us"]), " ".join(filter(None, (s["how"], s["what"]))), s["address"], s["browser"])
        for s in found
    ]
    show.table(("id", "since", "signed in by", "from", "browser"), rows)


@person.command("ways-in")
def ways_in(
    name: Name,
    drop_passkey: Annotated[str, typer.Option(help="take this passkey away (its id)")] = "",
    unlink: Annotated[str, typer.Option(help="take this account away (its id)")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """List a person's passkeys, phone and company accounts, or take one away with the sessions it opened."""
    path = f"/people/{quote(name, safe='')}"
    with reach(data, url, token) as link:
        if drop_passkey or unlink:
            kind, one = ("passkeys", drop_passkey) if drop_passkey else ("accounts", unlink)
            link.json("DELETE", f"{path}/{kind}/{quote(one, safe='')}")
            show.tell("gone")
            return
        found: dict[str, Any] = link.json("GET", f"{path}/ways-in")
    if as_json:
        show.json(found)
        return
    rows = [("phone", "", f"{found['codes_left']} recovery codes left", "")] if found["phone"] else []
    rows += [
        (
            "passkey",
            k["id"],
            f"{k['title']} at {k['site']}" + (" (copied)" if k["copied"] else ""),
            show.when(k["used_us"]),
        )
        for k in found["passkeys"]
    ]
    rows += [
        ("account", a["id"], f"{a['account']} of {a['provider']}", show.when(a["used_us"])) for a in found["accounts"]
    ]
    show.table(("way", "id", "what", "last used"), rows)


@person.command()
def link(
    name: Name,
    provider: Annotated[str, typer.Argument(help="the company's provider: baigong sign-in list")],
    subject: Annotated[str, typer.Argument(help="the account's identifier there (its claim sub)")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Make an account at a provider a way in of a person."""
    with reach(data, url, token) as way:
        body = {"provider": provider, "subject": subject}
        way.json("POST", f"/people/{quote(name, safe='')}/accounts", body=body)
    show.tell(f"{provider} opens for {name} now")


def _tell_secret(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.json(made)
        return
    show.tell(f"one-time password of {made['name']}, shown this once; they choose their own when they sign in:")
    sys.stdout.write(made["password"] + "\n")
