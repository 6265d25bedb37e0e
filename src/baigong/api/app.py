"""Puts the API together from the rooms it stands on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from baigong.api import (
    aas,
    accounts,
    alarmstates,
    applications,
    apply,
    assets,
    audit,
    bills,
    binding,
    bursts,
    business,
    calls,
    certificates,
    commands,
    counters,
    credentials,
    devices,
    devicetemplates,
    documents,
    grants,
    happenings,
    influx,
    ingest,
    kpis,
    leaving,
    life,
    looks,
    lots,
    mine,
    mqtt,
    networks,
    opcua_way,
    overview,
    packages,
    passkeys,
    people,
    planning,
    points,
    proof,
    quotas,
    registertables,
    renaming,
    retention,
    screenlinks,
    screens,
    security,
    series,
    session,
    set_up,
    sheets,
    sql,
    statistics,
    support,
    system,
    takeout,
    tasks,
    tenants,
    things,
    tokens,
    types,
    usage,
    waysin,
    writable,
)
from baigong.api.aaswire import refused
from baigong.api.console import built_console, console_routes
from baigong.api.hygiene import Hygiene, new_nonce, page_policy
from baigong.api.live import Live
from baigong.api.live_route import live_route
from baigong.api.measure import follow_gateways
from baigong.api.metrics import Metrics, opcua_gauges
from baigong.api.openapi import document, page
from baigong.api.pulse import Pulse
from baigong.api.rooms import ApiSettings, DemoControl, Facts, Lake, NoFacts, Rooms, SqlRunner
from baigong.api.throttle import Throttle
from baigong.api.wire import JSON, PREFIX, Operation, problem, route
from baigong.bus.contract import Bus
from baigong.registry.leaving import Departures
from baigong.registry.opening import Registry
from baigong.stores.lake.contract import LakeReader
from baigong.vocab.errors import BaigongError, FixConfiguration, ReportBug


def create_app(
    registry: Registry,
    lake: Lake,
    sql_runner: SqlRunner,
    bus: Bus,
    live: Live,
    settings: ApiSettings | None = None,
    *,
    facts: Facts | None = None,
    demo: DemoControl | None = None,
    clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
) -> Starlette:
    """Make the application. Its lifespan listens to the gateways' heartbeats; everything else is the caller's."""
    chosen, pulse = settings or ApiSettings(), Pulse(clock_us)
    rooms = Rooms(
        registry=registry,
        lake=lake,
        sql=sql_runner,
        bus=bus,
        live=live,
        settings=chosen,
        pulse=pulse,
        metrics=Metrics(lambda: _gauges(lake, pulse, live) | opcua_gauges(chosen.opcua())),
        facts=facts or NoFacts(),
        demo=demo,
        clock_us=clock_us,
        departures=Departures(registry, lake, bus, clock_us),
        started_us=clock_us(),
    )
    follow_gateways(rooms)

    declared = operations(rooms)
    routes: list[BaseRoute] = [route(rooms, operation, PREFIX) for operation in declared]
    routes += [route(rooms, o, "") for o in declared if o.path == "/metrics"]
    routes += aas.standard_routes(rooms)
    routes += influx.standard_routes(rooms)
    routes += _documents(declared, chosen.version)
    app = Starlette(
        routes=[*routes, live_route(rooms, PREFIX), *console_routes(chosen.console or built_console())],
        middleware=[Middleware(Hygiene, hosts=chosen.hosts)],
        exception_handlers={HTTPException: _http_problem, ClientDisconnect: _gone, Exception: _bug},
        lifespan=_listening(pulse, bus),
    )
    app.state.rooms = rooms
    return app


def _listening(pulse: Pulse, bus: Bus) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        listening = asyncio.create_task(pulse.listen(bus))
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    return lifespan


def operations(rooms: Rooms) -> list[Operation]:
    return [
        *session.operations(rooms, rooms.passwords),
        *proof.operations(rooms, rooms.passwords),
        *passkeys.operations(rooms),
        *accounts.operations(rooms),
        *waysin.operations(rooms),
        *set_up.operations(rooms),
        *mine.operations(rooms),
        *people.operations(rooms),
        *tenants.operations(rooms),
        *binding.operations(rooms),
        *apply.operations(rooms, Throttle(time.monotonic, "too many tries")),
        *applications.operations(rooms),
        *packages.operations(rooms),
        *looks.operations(rooms),
        *leaving.operations(rooms),
        *takeout.operations(rooms),
        *usage.operations(rooms),
        *quotas.operations(rooms),
        *calls.operations(rooms),
        *networks.operations(rooms),
        *bills.operations(rooms),
        *system.operations(rooms),
        *security.operations(rooms),
        *audit.operations(rooms),
        *tokens.operations(rooms),
        *grants.operations(rooms),
        *support.operations(rooms),
        *overview.operations(rooms),
        *devices.operations(rooms),
        *devicetemplates.operations(rooms),
        *registertables.operations(rooms),
        *credentials.operations(rooms),
        *certificates.operations(rooms),
        *mqtt.operations(rooms),
        *opcua_way.operations(rooms),
        *assets.operations(rooms),
        *renaming.operations(rooms),
        *documents.operations(rooms),
        *life.operations(rooms),
        *aas.operations(rooms),
        *things.operations(rooms),
        *types.operations(rooms),
        *kpis.operations(rooms),
        *alarmstates.operations(rooms),
        *screens.operations(rooms),
        *sheets.operations(rooms),
        *screenlinks.operations(rooms),
        *points.operations(rooms),
        *counters.operations(rooms),
        *commands.operations(rooms),
        *writable.operations(rooms),
        *retention.operations(rooms),
        *series.operations(rooms),
        *bursts.operations(rooms),
        *statistics.operations(rooms),
        *sql.operations(rooms),
        *ingest.operations(rooms),
        *influx.operations(rooms),
        *happenings.operations(rooms),
        *lots.operations(rooms),
        *business.operations(rooms),
        *tasks.operations(rooms),
        *planning.operations(rooms),
    ]


def _documents(declared: list[Operation], version: str) -> list[Route]:
    """Describe the API when somebody asks for it: a start need not wait for that."""

    @cache
    def described() -> bytes:
        return msgspec.json.encode(document(declared, version, PREFIX))

    @cache
    def shown() -> str:
        return page(declared, version, PREFIX)

    async def openapi(request: Request) -> Response:
        return Response(await asyncio.to_thread(described), media_type=JSON)

    async def docs(request: Request) -> Response:
        nonce = new_nonce()
        headers = {"Content-Security-Policy": page_policy(nonce)}
        html = await asyncio.to_thread(shown)
        return HTMLResponse(html.replace("<style>", f'<style nonce="{nonce}">'), headers=headers)

    return [Route(f"{PREFIX}/openapi.json", openapi), Route(f"{PREFIX}/docs", docs)]


async def _http_problem(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    path, problem = request.url.path, _refusal(request)
    if status == 405:
        return problem(FixConfiguration("http.method", f"{path} knows no {request.method}", place=path))
    if status == 404:
        return problem(FixConfiguration("http.not_found", f"there is no {path}", place=path))
    return problem(FixConfiguration("payload.malformed", f"the request cannot be read ({status})", place=path))


def _refusal(request: Request) -> Callable[[BaigongError], Response]:
    return refused if aas.is_standard(request) else problem


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # to nobody: who asked has left


async def _bug(request: Request, error: Exception) -> Response:
    # Starlette raises it again after this answer, so that it is logged with its trace.
    return _refusal(request)(
        ReportBug("internal.error", f"{type(error).__name__} in {request.method} {request.url.path}")
    )


def _gauges(lake: LakeReader, pulse: Pulse, live: Live) -> dict[str, float]:
    found = {f"lake_{k}": float(v) for k, v in lake.stats().items() if isinstance(v, int | float)}
    found |= {f"backlog_{k}": float(v) for k, v in pulse.backlog().items()}
    found["accepted_values_per_second"] = pulse.total("values_s")
    found["live_clients"] = float(live.clients)
    return found
