"""``baigong up`` and ``baigong demo``: start, say where it is, wait, stop in good order."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from baigong.cli.authority import fingerprint
from baigong.cli.platform import Platform, PlatformSettings, running, until_told_to_stop
from baigong.cli.readiness import tell_systemd


async def run_platform(settings: PlatformSettings, say: Console) -> None:
    began = time.monotonic()
    async with running(settings, told=lambda sentence: say.print(f"[dim]{sentence}[/]")) as platform:
        _welcome(platform, say, time.monotonic() - began)
        await until_told_to_stop(platform)
        tell_systemd("STOPPING=1", "STATUS=stopping")
        say.print("stopping …")
    say.print("stopped; nothing accepted is lost")


async def run_demo(
    settings: PlatformSettings, say: Console, *, days: float, show_tour: bool, any_ports: bool, people: bool = False
) -> None:
    from baigong.cli.demo import Switches, furnish, scenario_file
    from baigong.cli.demo_people import furnish_companies, one_time_passwords
    from baigong.plant.faults import load_scenario
    from baigong.plant.points import Ports, free_ports
    from baigong.plant.tour import tour

    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = scenario_file(settings.data, days)
    began = time.monotonic()
    async with running(
        settings,
        told=lambda sentence: say.print(f"[dim]{sentence}[/]"),
        demo=lambda registry: Switches(path, registry),
    ) as platform:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
            console=say, transient=True,
        ) as bar:  # fmt: skip
            task = bar.add_task(f"writing {days:g} days of simulated past", total=1.0)
            rows = await furnish(
                platform, path, free_ports() if any_ports else Ports(), lambda _, part: bar.update(task, completed=part)
            )
        await furnish_companies(platform.registry)
        if rows:
            say.print(f"wrote {rows:,} rows of simulated past in {time.monotonic() - began:.1f} s")
        _welcome(platform, say, time.monotonic() - began)
        if people:
            for partner, secret in await one_time_passwords(platform.registry):
                say.print(f"   {partner.title} {partner.title_zh}: [bold]{partner.person}[/]  [bold]{secret}[/]")
        if show_tour:
            for number, step in enumerate(tour(load_scenario(path)), 1):
                say.print(
                    f"[bold]{number}. {step.title}[/]  {step.title_zh}\n   {step.text}\n   {platform.url}{step.link}"
                )
        await until_told_to_stop(platform)
        tell_systemd("STOPPING=1", "STATUS=stopping")
        say.print("stopping …")
    say.print("stopped; nothing accepted is lost")


def _welcome(platform: Platform, say: Console, seconds: float) -> None:
    say.print(f"[bold green]ready[/] in {seconds:.1f} s   console  [bold]{platform.url}[/]")
    if platform.secret:
        say.print(f"   sign in as [bold]admin[/] with the one-time password  [bold]{platform.secret}[/]")
    if platform.authority is not None:
        say.print(
            f"   compare in the browser, or trust it: [bold]baigong ca export[/]   {fingerprint(platform.authority)}"
        )
    say.print(f"   data in {platform.settings.data.resolve()}   Ctrl-C stops")
    tell_systemd("READY=1", f"STATUS=console {platform.url}")
