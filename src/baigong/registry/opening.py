"""Opens what exists in a data folder, and keeps it in step while the platform runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from baigong.bus.contract import Bus
from baigong.registry.accounts import Accounts
from baigong.registry.applications import Applications
from baigong.registry.askers import Askers
from baigong.registry.assets import Assets
from baigong.registry.audit import Audit, open_log_key
from baigong.registry.auditcheck import AuditCheck
from baigong.registry.bills import Bills
from baigong.registry.book import PointBook
from baigong.registry.business import BusinessRecords
from baigong.registry.businessbus import serve_records
from baigong.registry.checking import check_driver
from baigong.registry.commands import Commands
from baigong.registry.credentials import Credentials
from baigong.registry.denied import audit_denied
from baigong.registry.devices import Devices
from baigong.registry.devicetemplates import DeviceTemplates
from baigong.registry.documents import Documents
from baigong.registry.episodes import Episodes
from baigong.registry.events import Events
from baigong.registry.factors import Factors
from baigong.registry.gateways import Gateways
from baigong.registry.life import Life
from baigong.registry.looks import Looks
from baigong.registry.lots import Lots
from baigong.registry.machines import Certificates, open_authority
from baigong.registry.members import Members
from baigong.registry.names import Names
from baigong.registry.networks import NetworkTexts, serve_networks
from baigong.registry.onboarding import Onboarding, Unpacking
from baigong.registry.openid import OpenId
from baigong.registry.ownshells import OwnShells
from baigong.registry.packages import Packages
from baigong.registry.passkeys import Passkeys
from baigong.registry.people import People
from baigong.registry.planning import Planning
from baigong.registry.providers import Providers
from baigong.registry.quotas import QuotaBook
from baigong.registry.quotawatch import serve_quotas
from baigong.registry.renaming import Follow, Renaming
from baigong.registry.retention import Retention
from baigong.registry.rights import Rights
from baigong.registry.screenlinks import ScreenLinks
from baigong.registry.screens import Screens
from baigong.registry.scrub import scrub
from baigong.registry.sealing import Sealing, forget_old_key, open_ring
from baigong.registry.service import answer
from baigong.registry.set_up import SetUp
from baigong.registry.shellpackages import ShellPackages
from baigong.registry.shells import Shells
from baigong.registry.standing import Standing
from baigong.registry.stops import Stops
from baigong.registry.support import Support
from baigong.registry.tasks import Tasks
from baigong.registry.tenants import Tenants
from baigong.registry.types import Types
from baigong.registry.usage import Usage
from baigong.registry.uses import Uses
from baigong.registry.watch import FileWatch
from baigong.security.envelope import Ring
from baigong.stores.objects import ObjectFolder
from baigong.stores.records import ALL, Records, Server, open_records
from baigong.stores.records.access import ensure_tenant
from baigong.stores.records.assets import assets_of
from baigong.stores.records.plant import device_keys, devices_of, file_digests, points_of
from baigong.stores.records.renaming import names_of
from baigong.stores.records.screens import screens_of
from baigong.stores.records.shells import shells_of
from baigong.stores.records.textversions import asset_types, device_templates
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError

_RELOAD_S = 2.0
OBJECTS = "objects"  # folder of the data folder in which contents of documents are


@dataclass(slots=True, frozen=True)
class Registry:
    """The rooms of the registry; each is used on its own."""

    tenant: str  # of the first administrator
    data: Path
    records: Records
    events: Events
    names: Names
    renaming: Renaming
    book: PointBook
    devices: Devices
    assets: Assets
    types: Types
    device_templates: DeviceTemplates
    documents: Documents
    life: Life
    shells: Shells
    own_shells: OwnShells
    shell_packages: ShellPackages
    screens: Screens
    screen_links: ScreenLinks
    watch: FileWatch
    people: People
    factors: Factors
    passkeys: Passkeys
    set_up: SetUp
    providers: Providers
    openid: OpenId
    accounts: Accounts
    members: Members
    tenants: Tenants
    credentials: Credentials
    certificates: Certificates
    standing: Standing
    gateways: Gateways
    uses: Uses
    audit_check: AuditCheck
    episodes: Episodes
    lots: Lots
    business: BusinessRecords
    tasks: Tasks
    planning: Planning
    retention: Retention
    rights: Rights
    audit: Audit
    support: Support
    packages: Packages
    applications: Applications
    onboarding: Onboarding
    looks: Looks
    came: Callable[[str], None]  # to be told of a company that has just been made
    stops: Stops
    commands: Commands
    usage: Usage
    quotas: QuotaBook
    networks: NetworkTexts
    bills: Bills


@asynccontextmanager
async def open_registry(
    data: Path,
    bus: Bus,
    *,
    tenant: str,
    clock_us: Callable[[], int],
    check: Callable[[DeviceSpec], None] = check_driver,
    look_every_s: float = 1.0,
    records_at: Path | Server | None = None,
) -> AsyncIterator[Registry]:
    """Open the records, take the device files, answer on the bus; closes everything on leaving.

    ``records_at``: a file, or a database server; None for the folder's own file.
    """
    ring = await asyncio.to_thread(open_ring, data)
    await asyncio.to_thread(scrub, data, Sealing(ring))
    records = await asyncio.to_thread(open_records, records_at or data / "records.db")
    reloads: asyncio.Queue[str] = asyncio.Queue()
    registry = _furnish(data, tenant, records, ring, bus, clock_us, check, reloads.put_nowait)
    try:
        await records.claim()
        await _load(registry, clock_us())
        await answer(
            bus, registry.devices, registry.credentials, registry.certificates, registry.standing, registry.gateways
        )
        await serve_quotas(bus, registry.quotas, registry.gateways)
        await serve_networks(bus, registry.networks)
        await serve_records(bus, registry.business, registry.devices, registry.gateways)
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(registry.events.store_told()),
                tasks.create_task(registry.watch.run(look_every_s)),
                tasks.create_task(_reload(bus, reloads)),
                tasks.create_task(registry.credentials.remember()),
                tasks.create_task(registry.certificates.tend()),
                tasks.create_task(registry.standing.tell(bus)),
                tasks.create_task(audit_denied(bus, registry.audit, registry.tenants.has_left)),
                tasks.create_task(registry.audit.run()),
                tasks.create_task(registry.uses.run()),
                tasks.create_task(registry.commands.run()),
            ]
            yield registry
            for task in running:
                task.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:  # what the caller raised inside, as it was
            raise group.exceptions[0] from None
        raise
    finally:
        await records.close()


def _furnish(
    data: Path,
    tenant: str,
    records: Records,
    ring: Ring,
    bus: Bus,
    clock_us: Callable[[], int],
    check: Callable[[DeviceSpec], None],
    reload: Callable[[str], None],
) -> Registry:
    events = Events(records, bus, clock_us)
    book = PointBook(lambda t: records.read_now(lambda c: points_of(c, t), tenant=t))
    names = Names(lambda t: records.read_now(lambda c: names_of(c, t), tenant=t))
    book.present = names.point
    tenants = Tenants(records, clock_us)
    usage = Usage(clock_us)
    quotas = QuotaBook(records, tenants, book, usage, clock_us)
    passkeys = Passkeys(records, clock_us)
    standing = Standing()
    factors = Factors(records, ring, clock_us, passkeys)
    credentials = Credentials(records, events, clock_us, tenants.require_standing, standing)
    rights = Rights(records, book, tenants.place, clock_us)
    people = People(records, clock_us, factors, rights.changed)
    rights.ended = people.grant_ended

    def changed(owner: str, spec: DeviceSpec) -> None:
        if devices.find(owner, spec.device) is None:
            credentials.forget_device(owner, spec.device)
            certificates.forget_device(owner, spec.device)
        reload(spec.gateway)

    config = data / "config"
    devices = Devices(
        events,
        book,
        config,
        clock_us,
        check,
        changed,
        quotas.check_plant,
        Sealing(ring),
        load=lambda t: records.read_now(lambda c: devices_of(c, t), tenant=t),
        names=names,
    )
    quotas.count_devices = devices.count
    assets = Assets(
        events, book, devices, clock_us, lambda t: records.read_now(lambda c: assets_of(c, t), tenant=t), names=names
    )
    rights.above, rights.asset, quotas.tree = assets.above, names.asset, assets.tree
    types = Types(events, assets, book, clock_us, lambda t: records.read_now(lambda c: asset_types.of(c, t), tenant=t))
    objects = ObjectFolder(data / OBJECTS)
    objects.clear()
    shells = Shells(events, records, clock_us, lambda t: records.read_now(lambda c: shells_of(c, t), tenant=t))
    documents = Documents(records, events, objects, assets, types, quotas, usage, clock_us)
    episodes = Episodes(records, events, clock_us)
    audit = Audit(records, open_log_key(data / "audit.key", ring), "baigong/audit")
    support = Support(records, rights, tenants, clock_us)
    audit.mark = support.mark
    gateways = Gateways(data)
    stops = Stops(records, events, devices, rights, audit, bus, clock_us, gateways)
    stops.tree, stops.names = assets.tree, names

    async def moved(owner: str) -> None:
        rights.changed()
        await stops.moved(owner)

    assets.moved = moved
    certificates = Certificates(
        records,
        events,
        audit,
        lambda: open_authority(data / "certificates", ring, datetime.now(UTC)),
        standing,
        clock_us,
        lambda owner, device: devices.find(owner, device) is not None,
        credentials.topics,
        tenants.require_standing,
    )
    providers = Providers(config, data)
    members = Members(records, people, factors, clock_us, lambda t, n: quotas.check(t, "people", 1, n))
    retention = Retention(records, events, clock_us)
    packages = Packages(config, check)
    applications = Applications(records, tenants, packages, clock_us)

    def came(owner: str) -> None:
        usage.expect([owner])
        quotas.changed()
        rights.changed()

    episodes.asset = names.asset
    tasks = Tasks(records, events, assets, book, episodes, rights, people.find, clock_us)
    screens = Screens(events, records, clock_us, lambda t: records.read_now(lambda c: screens_of(c, t), tenant=t))
    follow = Follow(moved, episodes.forget, quotas.load)
    unpacking = Unpacking(packages, devices, retention)
    return Registry(
        tenant=tenant,
        data=data,
        records=records,
        events=events,
        names=names,
        renaming=Renaming(events, names, book, devices, assets, rights, stops, screens, follow, clock_us),
        book=book,
        devices=devices,
        assets=assets,
        types=types,
        device_templates=DeviceTemplates(
            events, devices, clock_us, lambda t: records.read_now(lambda c: device_templates.of(c, t), tenant=t)
        ),
        documents=documents,
        life=Life(records, events, assets, types, documents, episodes, book, clock_us),
        shells=shells,
        own_shells=OwnShells(assets, types, shells),
        shell_packages=ShellPackages(records, quotas, clock_us),
        screens=screens,
        screen_links=ScreenLinks(records, clock_us),
        watch=FileWatch(
            config, devices, events, clock_us, lambda t: records.read(lambda c: file_digests(c, t), tenant=t)
        ),
        people=people,
        factors=factors,
        passkeys=passkeys,
        members=members,
        providers=providers,
        openid=OpenId(providers, clock_us, ring),
        accounts=Accounts(records, people, members, clock_us),
        set_up=SetUp(records, tenants),
        tenants=tenants,
        credentials=credentials,
        certificates=certificates,
        standing=standing,
        gateways=gateways,
        audit_check=AuditCheck(records, clock_us, audit, data / "audit.head"),
        uses=Uses(records, clock_us, rights.held, people.used_tokens, rights.decided),
        episodes=episodes,
        lots=Lots(records, episodes.changes),
        business=BusinessRecords(records, events, clock_us),
        tasks=tasks,
        planning=Planning(records, events, assets, types, book, tasks, episodes, names, clock_us),
        retention=retention,
        rights=rights,
        audit=audit,
        support=support,
        packages=packages,
        applications=applications,
        looks=Looks(config),
        came=came,
        onboarding=Onboarding(applications, tenants, members, quotas, unpacking, came),
        stops=stops,
        commands=Commands(
            records, events, book, devices, rights, audit, stops, bus, clock_us, Askers(people, rights, clock_us)
        ),
        usage=usage,
        quotas=quotas,
        networks=NetworkTexts(records, gateways, tenant),
        bills=Bills(records, tenants, clock_us),
    )


async def _load(registry: Registry, now_us: int) -> None:
    await registry.records.write(lambda c: ensure_tenant(c, registry.tenant, now_us), tenant=ALL)
    registry.devices.begin(await registry.records.read(device_keys, tenant=ALL))
    await registry.tenants.load()
    await registry.passkeys.load()
    registry.usage.expect(registry.tenants.ids())
    await registry.quotas.load()
    await registry.networks.load()
    await registry.bills.load()
    await registry.screen_links.load()
    await registry.factors.load()
    await registry.accounts.load()
    await registry.people.load()
    await registry.credentials.load()
    await registry.certificates.load()
    await registry.retention.load()
    await registry.rights.load()
    await registry.support.load()
    await registry.applications.load()
    await registry.stops.load()
    await registry.uses.load()
    await registry.commands.load()
    await registry.watch.look()
    await registry.onboarding.finish_all()
    await asyncio.to_thread(forget_old_key, registry.data)


async def _reload(bus: Bus, changed: asyncio.Queue[str]) -> None:
    """Tell gateways that something changed for them; one that is down asks by itself when it comes back."""
    while True:
        gateways = {await changed.get()}
        while not changed.empty():
            gateways.add(changed.get_nowait())
        await asyncio.gather(*(_nudge(bus, gateway) for gateway in gateways))


async def _nudge(bus: Bus, gateway: str) -> None:
    with suppress(BaigongError):
        await bus.request(f"gateway.{gateway}.reload", b"{}", timeout_s=_RELOAD_S)
