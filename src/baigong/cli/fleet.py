"""``baigong device …`` and ``baigong point …``: ways in, and what they bring."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape

from baigong.cli import show
from baigong.cli.certificate import certificate
from baigong.cli.devicetemplate import template
from baigong.cli.points import point
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.renaming import rename_point, replace_device
from baigong.cli.secret import secret
from baigong.cli.show import Json
from baigong.cli.textfile import device_in
from baigong.cli.topics import topics
from baigong.vocab.devices import DeviceSpec, device_yaml, parse_device
from baigong.vocab.errors import FixConfiguration, from_problem

if TYPE_CHECKING:
    from baigong.client.link import Link

device = typer.Typer(no_args_is_help=True, help="Ways in: one connection a driver holds.")

Options = Annotated[list[str] | None, typer.Option("--option", "-o", help="connection option, name=value; repeat")]
Driver = Annotated[str, typer.Option("--driver", help="driver, see: baigong device drivers")]
Name = Annotated[str, typer.Argument(help="device id")]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    device.command("secret")(secret)
    device.command("topics")(topics)
    device.command("replace")(replace_device)
    point.command("rename")(rename_point)
    device.add_typer(certificate, name="certificate")
    device.add_typer(template, name="template")
    app.add_typer(device, name="device")
    app.add_typer(point, name="point")


@device.command("add")
def add_device(
    files: Annotated[
        list[Path] | None, typer.Argument(help="device files (YAML), or folders of them; - reads stdin")
    ] = None,
    name: Annotated[str, typer.Option("--device", help="device id, without a file")] = "",
    driver: Driver = "",
    option: Options = None,
    points: Annotated[list[str] | None, typer.Option("--point", help="name=address, without a file; repeat")] = None,
    scan: Annotated[str, typer.Option(help="how often to read, like 1s, without a file")] = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Add devices or change them: from files or folders, or from options. Of many all are taken, or none."""
    specs = [device_in(path) for given in files or () for path in _device_files(given)]
    with reach(data, url, token, tenant) as link:
        if driver or name:
            specs.append(_from_options(link, name, driver, option or [], points or [], scan))
        if not specs:
            raise FixConfiguration("config.invalid", "name a device file, or --device and --driver")
        known = _drivers(link)
        for spec in specs:
            _check(known, spec)
        if len(specs) > 1:
            made = link.json("POST", "/devices", body=specs)
            show.tell(f"{made['added']:,} devices added, {made['changed']:,} changed; see: baigong device list")
            return
        for spec in specs:
            made = link.json("PUT", f"/devices/{quote(spec.device, safe='')}", body=spec)
            for warning in made["warnings"]:
                show.tell(f"warning: {show.title(warning)}")
            show.tell(f"device {spec.device}: {len(spec.points)} points; see: baigong device show {spec.device}")


def _device_files(given: Path) -> list[Path]:
    found = sorted(given.glob("*.yaml")) if given.is_dir() else [given]
    if not found:
        raise FixConfiguration("config.invalid", "the folder holds no .yaml file", place=str(given))
    return found


def _from_options(link: Link, name: str, driver: str, option: list[str], points: list[str], scan: str) -> DeviceSpec:
    if not name or not driver:
        raise FixConfiguration("config.invalid", "give both --device and --driver", place="device")
    return parse_device(
        {
            "device": name,
            "driver": driver,
            "options": _options(link, driver, option),
            **({"scan": {"default": scan}} if scan else {}),
            "points": [dict(zip(("name", "address"), _pair(p, "--point"), strict=True)) for p in points],
        }
    )


def _pair(text: str, place: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise FixConfiguration("config.invalid", f"{text!r}: write name=value", place=place)
    return name.strip(), value.strip()


def _drivers(link: Link) -> dict[str, Any]:
    return {d["id"]: d for d in link.json("GET", "/drivers")}


def _known(drivers: dict[str, Any], driver: str) -> dict[str, Any]:
    if driver not in drivers:
        raise FixConfiguration("driver.unknown", f"there is no driver {driver!r}; there are {sorted(drivers)}")
    return dict(drivers[driver])


def _options(link: Link, driver: str, given: list[str]) -> dict[str, Any]:
    """Read ``name=value`` as the driver's manifest says."""
    types = {o["name"]: o["type"] for o in _known(_drivers(link), driver)["options"]}
    made: dict[str, Any] = {}
    for text in given:
        name, value = _pair(text, "--option")
        if name not in types:
            raise FixConfiguration(
                "driver.option", f"{driver} has no option {name!r}; it knows {sorted(types)}", place=name
            )
        made[name] = value if types[name] in ("string", "secret", "choice") else _scalar(value, name)
    return made


def _scalar(value: str, name: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise FixConfiguration("driver.option", f"{value!r} cannot be read", place=name) from error


def _check(drivers: dict[str, Any], spec: DeviceSpec) -> None:
    """Find what the server would refuse, before anything is sent."""
    known = {o["name"]: o for o in _known(drivers, spec.driver)["options"]}
    wrong = [name for name in spec.options if name not in known]
    if wrong:
        raise FixConfiguration(
            "driver.option", f"{spec.driver} has no option {wrong[0]!r}; it knows {sorted(known)}", place=wrong[0]
        )
    missing = [n for n, o in known.items() if o["required"] and spec.options.get(n) in (None, "")]
    if missing:
        raise FixConfiguration("driver.option", f"{spec.driver} needs the option {missing[0]!r}", place=missing[0])


@device.command("list")
def list_devices(
    as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """List devices and how they are."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/devices")
    if as_json:
        show.json(found)
        return
    show.table(
        ("device", "driver", "state", "since", "points", "good", "bad", "values/s", "error"),
        [
            (d["device"], d["driver"], d["state"], show.ago(d["since_us"]), d["points"], d["good"], d["bad"],
             f"{d['values_s']:.1f}", show.problem(d["error"]))
            for d in found
        ],
        right=("points", "good", "bad", "values/s"),
    )  # fmt: skip


@device.command("show")
def show_device(
    name: Name, as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """Show one device: its file, and how it is."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", f"/devices/{quote(name, safe='')}")
    if as_json:
        show.json(found)
        return
    status = found["status"]
    show.say.print(
        f"[bold]{name}[/] {status['state']} since {show.when(status['since_us']) or '?'}, "
        f"{status['good']} good and {status['bad']} bad points, {status['values_s']:.1f} values/s"
    )
    if status["error"]:
        show.tell(f"  {show.problem(status['error'])}\n  {status['error'].get('advice', '')}")
    sys.stdout.write(found["yaml"] or device_yaml(parse_device(found["spec"])))


@device.command("drivers")
def drivers(
    as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """List drivers and their options."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/drivers")
    if as_json:
        show.json(found)
        return
    rows, told = [], show.language()
    for driver in found:
        rows.append((driver["id"], driver["title"][told], "", driver["summary"][told]))
        for option in driver["options"]:
            default = option.get("default")
            note = "required" if option["required"] else "" if default is None else f"default {default}"
            rows.append(("", f"  {option['name']}", option["type"], f"{option['label'][told]} {note}".strip()))
    show.table(("driver", "option", "type", "meaning"), rows)


def _way_in(link: Link, name: str, driver: str, option: list[str] | None) -> dict[str, Any]:
    if driver:
        return {"driver": driver, "options": _options(link, driver, option or [])}
    if not name:
        raise FixConfiguration("config.invalid", "name a device, or --driver and its options")
    if option:
        raise FixConfiguration("config.invalid", "--option goes with --driver", place="--option")
    return {"device": name}


Perhaps = Annotated[str, typer.Argument(help="device id; or use --driver and --option to try before saving")]


@device.command("test")
def test_device(
    name: Perhaps = "",
    driver: Driver = "",
    option: Options = None,
    timeout: Annotated[float, typer.Option(help="seconds")] = 10.0,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Try a connection, step by step. Exit code 2 when it fails."""
    with reach(data, url, token, tenant) as link:
        body = _way_in(link, name, driver, option) | {"timeout_s": timeout}
        found = link.json("POST", "/devices/test", body=body)
    for step in found["steps"]:
        mark = "[green]ok  [/]" if step["ok"] else "[red]fail[/]"
        show.say.print(f"{mark} {escape(step['name'])} {step['ms']:.0f} ms  {escape(step['detail'])}")
    if found["error"]:
        raise from_problem(found["error"])
    show.tell(found["detail"])
    if not found["ok"]:
        raise typer.Exit(2)


@device.command()
def browse(
    name: Perhaps = "",
    path: Annotated[str, typer.Option(help="where to look; empty: the top")] = "",
    search: Annotated[str, typer.Option(help="only what holds these words")] = "",
    limit: Annotated[int, typer.Option(help="most rows")] = 200,
    driver: Driver = "",
    option: Options = None,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """See what a device holds."""
    with reach(data, url, token, tenant) as link:
        body = _way_in(link, name, driver, option) | {"path": path, "search": search, "limit": limit}
        found = link.json("POST", "/devices/browse", body=body)
    if as_json:
        show.json(found)
        return
    rows = [
        (n["path"], n["title"], n["address"], n["type"], n["unit"], show.number(n.get("value")), _more(n))
        for n in found["nodes"]
    ]
    show.table(("path", "title", "address", "type", "unit", "value", "below"), rows)
    if found["total"] > len(rows):
        show.tell(f"{found['total'] - len(rows):,} more; narrow with --path or --search, or raise --limit")


def _more(node: dict[str, Any]) -> str:
    return "…" if node["has_children"] else ""


@device.command("why")
def why_device(
    name: Name,
    limit: Annotated[int, typer.Option(help="most events")] = 20,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Say why a device is as it is, and what happened to it."""
    with reach(data, url, token, tenant) as link:
        at = f"/devices/{quote(name, safe='')}"
        status = link.json("GET", at)["status"]
        events = link.json("GET", f"{at}/events", params={"limit": limit})
    since = f" since {show.when(status['since_us'])}" if status["since_us"] else ""
    error = f": {show.problem(status['error'])}" if status["error"] else ""
    show.out().print(f"{name} is {status['state']}{since}{error}", markup=False)
    if status["error"]:
        show.out().print(f"  {status['error'].get('advice', '')}", markup=False)
    if status.get("backoff_s"):
        show.out().print(f"  tried again every {status['backoff_s']:.0f} s")
    show.table(("time", "what", "detail"), [(show.when(e["time_us"]), e["kind"], show.event_detail(e)) for e in events])


@device.command()
def remove(name: Name, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None) -> None:
    """Remove a device. Its points are retired: their history stays."""
    with reach(data, url, token, tenant) as link:
        link.json("DELETE", f"/devices/{quote(name, safe='')}")
    show.tell(f"device {name} removed; the history of its points stays")
