"""What is open, what is weak, and what to do about it: worst first, for the security page, attention and doctor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from baigong.api.finding import WORST_FIRST, Finding
from baigong.api.rooms import Listening, Rooms
from baigong.api.stale import stale
from baigong.api.wire import Call, Operation
from baigong.registry.auditcheck import Checked
from baigong.registry.principal import ADMIN_ROLES
from baigong.registry.sealing import find_key
from baigong.security.certificates import read_certificate
from baigong.vocab.errors import BaigongError

_BACKUP_DAYS = 7
_SOON_DAYS, _NOW_DAYS = 30, 7
LAST_BACKUP = "last-backup"  # a file of the data folder whose age says it


class Security(Struct, frozen=True, kw_only=True):
    """``listeners``: every open port and what is spoken there. ``looked_us``: when this was found.

    ``audit``: when the audit log was last looked through, by whom, and what was found; null: never.
    """

    looked_us: int
    audit: Checked | None
    listeners: list[Listening]
    findings: list[Finding]


def operations(rooms: Rooms) -> list[Operation]:
    async def security(call: Call) -> Any:
        return Security(
            looked_us=rooms.clock_us(),
            audit=await rooms.registry.audit_check.last(),
            listeners=listeners(rooms),
            findings=await findings(rooms, call.tenant),
        )

    return [Operation("GET", "/security", "What is open and what is weak", security, answer=Security)]


async def findings(rooms: Rooms, tenant: str) -> list[Finding]:
    """Look at everything; cheap enough for a page, not for every second."""
    found = [
        *_ports(listeners(rooms)),
        *await asyncio.to_thread(lambda: list(_files(rooms))),
        *await _people(rooms, tenant),
        *await stale(rooms, tenant),
        *_writable(rooms, tenant),
        *_all_topics(rooms, tenant),
    ]
    return sorted(found, key=lambda finding: (WORST_FIRST[finding.severity], finding.kind, finding.what))


async def urgent(rooms: Rooms) -> list[Finding]:
    """Find what cannot wait for somebody to open the page: plain ports, certificates that end."""
    files = await asyncio.to_thread(lambda: list(_files(rooms)))
    return [*_ports(listeners(rooms)), *(f for f in files if f.kind == "certificate.ends")]


def listeners(rooms: Rooms) -> list[Listening]:
    """List what is listened on: what we were told, and what gateways say of their front doors."""
    found = list(rooms.settings.listening())
    for gateway, told in sorted(rooms.pulse.health.items()):
        door = told.get("mqtt") or {}
        for port, host, tls in (
            (door.get("port"), door.get("plain_host"), False),
            (door.get("tls_port"), door.get("host"), True),
        ):
            if port and host:
                found.append(Listening(what=f"MQTT, gateway {gateway}", host=str(host), port=int(port), tls=tls))
    return found


def _ports(open_ones: Iterable[Listening]) -> Iterator[Finding]:
    for one in open_ones:
        if one.tls or not one.is_seen:
            continue
        console = one.what == "console"
        option = "--plain-http-is-read-by-the-network" if console else "--plain-mqtt-is-read-by-the-network"
        yield Finding(
            severity="high",
            kind="listener.plain",
            what=f"{one.what} {one.host}:{one.port}",
            title=f"{one.what} on {one.host}:{one.port} speaks without TLS beyond this machine",
            title_zh=f"{one.what} 在 {one.host}:{one.port} 对外以明文通信",
            advice=f"Start without {option}: passwords and values cross the network readable by anybody.",
            advice_zh=f"启动时去掉 {option}:密码和数据正以明文经过网络。",
            link="/system",
        )


def _files(rooms: Rooms) -> Iterator[Finding]:
    data = rooms.registry.data
    now = datetime.fromtimestamp(rooms.clock_us() / 1e6, UTC)
    for path in sorted((data / "certificates").glob("*.pem")):
        yield from _certificate(path, now)
    source = find_key(data)
    if source.beside:
        yield Finding(
            severity="medium",
            kind="key.beside",
            what="secrets.key",
            title="The key of stored secrets lies beside them",
            title_zh="密文的密钥与数据放在一起",
            advice="Who copies the whole folder can open its secrets: keep the key on another disk, or in systemd.",
            advice_zh="复制整个目录的人即可打开密文:请将密钥放在另一块磁盘或 systemd 凭据中。",
            command="baigong --key-file /etc/baigong/secrets.key up",
        )
    yield from _backup(data / LAST_BACKUP)


def _backup(path: Path) -> Iterator[Finding]:
    age = (time.time() - path.stat().st_mtime) / 86_400 if path.exists() else None
    if age is not None and age <= _BACKUP_DAYS:
        return
    told = "never made" if age is None else f"{age:.0f} days old"
    told_zh = "从未进行" if age is None else f"已是 {age:.0f} 天前"
    yield Finding(
        severity="medium",
        kind="backup.old",
        what="backup",
        title=f"The last backup: {told}",
        title_zh=f"最近一次备份:{told_zh}",
        advice=f"Let it run by itself at least every {_BACKUP_DAYS} days.",
        advice_zh=f"请至少每 {_BACKUP_DAYS} 天自动执行一次。",
        command="baigong backup FOLDER",
    )


def _certificate(path: Path, now: datetime) -> Iterator[Finding]:
    try:
        facts = read_certificate(path.read_bytes())
    except (BaigongError, OSError):
        return
    days = (facts.not_after - now).days
    if days > _SOON_DAYS:
        return
    yield Finding(
        severity="high" if days <= _NOW_DAYS else "medium",
        kind="certificate.ends",
        what=path.name,
        title=f"The certificate {path.name} ends in {days} days" if days >= 0 else f"{path.name} has ended",
        title_zh=f"证书 {path.name} 将在 {days} 天后到期" if days >= 0 else f"证书 {path.name} 已过期",
        advice="Put a new one at its place: it is taken without a restart.",
        advice_zh="请替换为新证书:无需重启即可生效。",
        command=f"openssl x509 -noout -dates -in {path}",
    )


async def _people(rooms: Rooms, tenant: str) -> list[Finding]:
    found = []
    for one in await rooms.registry.members.of_tenant(tenant):
        if one.locked or one.second_factor:
            continue
        wide = bool(set(one.roles) & set(ADMIN_ROLES))
        found.append(
            Finding(
                severity="high" if wide else "medium",
                kind="person.one_factor",
                what=one.name,
                title=f"{one.name} signs in with a password alone",
                title_zh=f"{one.name} 仅凭密码登录",
                advice="Ask them to add a passkey or a phone, or require it of the role.",
                advice_zh="请其添加通行密钥或手机验证器,或对该角色强制要求。",
                link="/access",
            )
        )
    return found


def _writable(rooms: Rooms, tenant: str) -> list[Finding]:
    rows = rooms.registry.book.active(tenant)
    open_ones = [r.name for r in rows if r.spec.write and not r.spec.write.approval]
    if not open_ones:
        return []
    shown, more = ", ".join(sorted(open_ones)[:5]), len(open_ones)
    return [
        Finding(
            severity="low",
            kind="write.one_person",
            what=f"{more} points",
            title=f"{more} points are written on one person's word: {shown}",
            title_zh=f"{more} 个测点一人即可写入:{shown}",
            advice="Where a wrong value does harm, set approval: true in the point's write rule.",
            advice_zh="若误写会造成危害,请在测点写入规则中设置 approval: true。",
            link="/commands",
        )
    ]


def _all_topics(rooms: Rooms, tenant: str) -> list[Finding]:
    registry = rooms.registry
    given = set(registry.credentials.topics.with_everything(tenant))
    wide = [(c.device, c.username) for c in registry.credentials.of_tenant(tenant) if ("user", c.username) in given]
    for row in registry.certificates.of_tenant(tenant):
        if ("certificate", row.sha256) in given and registry.certificates.is_good(row):
            wide.append((row.device, row.serial[:16]))
    if not wide:
        return []
    shown, more = ", ".join(f"{device} ({name})" for device, name in sorted(wide)[:5]), len(wide)
    return [
        Finding(
            severity="medium",
            kind="machine.all_topics",
            what=f"{more} machines",
            title=f"{more} machines may publish to every MQTT topic of this company: {shown}",
            title_zh=f"{more} 个设备凭据可向本企业的任何 MQTT 主题发布:{shown}",
            advice="Whoever steals one speaks for every other machine: leave each its own topics, and what it needs.",
            advice_zh="任何一个凭据被窃,即可冒充其他设备:请只保留其自身主题及确需的主题。",
            command="baigong device topics DEVICE --own",
            link="/access",
        )
    ]
