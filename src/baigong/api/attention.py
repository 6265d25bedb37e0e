"""What needs somebody: worst first, each with advice and the page that helps."""

from __future__ import annotations

import shutil

from msgspec import Struct

from baigong.api.device_state import DeviceLine, lines
from baigong.api.finding import WORST_FIRST, Severity
from baigong.api.rooms import Rooms
from baigong.api.security import urgent
from baigong.registry.quotawatch import standing
from baigong.vocab.quotas import TITLES as QUOTA_TITLES

_BACKLOG_S = 10.0
_CERTIFICATE_LATE_DAYS = 7


class Attention(Struct, frozen=True, kw_only=True):
    """``kind`` is stable; what ends in ``_zh`` says the same in Chinese."""

    severity: Severity
    kind: str
    title: str
    title_zh: str
    detail: str
    detail_zh: str = ""
    advice: str
    advice_zh: str
    link: str
    time_us: int


async def attention(rooms: Rooms, tenant: str) -> list[Attention]:
    found = [
        *_gateways(rooms, tenant),
        *_devices(rooms, tenant),
        *_files(rooms, tenant),
        *_certificates(rooms, tenant),
        *_disk(rooms),
        *_backlog(rooms),
        *_quotas(rooms, tenant),
        *_support(rooms, tenant),
        *_applications(rooms, tenant),
        *await _security(rooms),
    ]
    return sorted(found, key=lambda item: (WORST_FIRST[item.severity], -item.time_us))


async def _security(rooms: Rooms) -> list[Attention]:
    """Certificates that end and ports that are open plainly; the rest is on the security page."""
    return [
        Attention(
            severity=found.severity,
            kind=found.kind,
            title=found.title,
            title_zh=found.title_zh,
            detail=found.what,
            advice=found.advice,
            advice_zh=found.advice_zh,
            link="/security",
            time_us=rooms.clock_us(),
        )
        for found in await urgent(rooms)
    ]


def _gateways(rooms: Rooms, tenant: str) -> list[Attention]:
    wanted = {row.spec.gateway for row in rooms.registry.devices.of_tenant(tenant) if row.spec.enabled}
    return [
        Attention(
            severity="high",
            kind="gateway.silent",
            title=f"Gateway {gateway} is silent",
            title_zh=f"网关 {gateway} 无响应",
            detail="no heartbeat for five seconds; its devices are not read",
            detail_zh="五秒没有心跳;其采集连接未被读取",
            advice="See System: it is restarted by itself, or its machine is off.",
            advice_zh="请查看“系统”页:它会自动重启,或其所在机器已关机。",
            link="/system",
            time_us=rooms.clock_us(),
        )
        for gateway in sorted(wanted)
        if not rooms.pulse.alive(gateway)
    ]


def _devices(rooms: Rooms, tenant: str) -> list[Attention]:
    return [
        _device(rooms, line) for line in lines(rooms, tenant) if line.state == "down" or (line.bad and line.enabled)
    ]


def _device(rooms: Rooms, line: DeviceLine) -> Attention:
    error = line.error or {}
    down = line.state == "down"
    name, name_zh = line.title or line.device, line.title_zh or line.title or line.device
    return Attention(
        severity="high" if down else "medium",
        kind="device.down" if down else "device.bad_points",
        title=f"{name} is down" if down else f"{name}: {line.bad} bad points",
        title_zh=f"{name_zh} 连接中断" if down else f"{name_zh}:{line.bad} 个测点质量差",
        detail=str(error.get("title", "")),
        advice=str(error.get("advice", "Open the device to see why.")),
        advice_zh=str(error.get("advice_zh", "打开该采集连接查看原因。")),
        link=f"/connect/{line.device}",
        time_us=line.since_us or rooms.clock_us(),
    )


def _files(rooms: Rooms, tenant: str) -> list[Attention]:
    return [
        Attention(
            severity="medium",
            kind="device.file_rejected",
            title=f"{r.device}.yaml cannot be used",
            title_zh=f"{r.device}.yaml 无法使用",
            detail=f"{r.error.message} ({r.error.place})" if r.error.place else r.error.message,
            advice=r.error.advice,
            advice_zh=r.error.kind.advice_zh,
            link=f"/connect/{r.device}",
            time_us=r.time_us,
        )
        for r in rooms.registry.watch.rejected.values()
        if r.tenant == tenant
    ]


def _certificates(rooms: Rooms, tenant: str) -> list[Attention]:
    now_us = rooms.clock_us()
    found = []
    for row in rooms.registry.certificates.ending(tenant):
        days = (row.until_us - now_us) // 86_400_000_000
        whose, whose_zh = (row.device, row.device) if row.device else ("OPC UA client", "OPC UA 客户端")
        ended = days < 0
        found.append(
            Attention(
                severity="high" if days < _CERTIFICATE_LATE_DAYS else "medium",
                kind="certificate.ended" if ended else "certificate.ends",
                title=f"{whose}: its certificate has ended" if ended else f"{whose}: its certificate ends soon",
                title_zh=f"{whose_zh}:证书已过期" if ended else f"{whose_zh}:证书即将到期",
                detail=f"serial {row.serial}" if ended else f"in {days} days; serial {row.serial}",
                detail_zh=f"序列号 {row.serial}" if ended else f"{days} 天后到期;序列号 {row.serial}",
                advice="Rotate it on the device's page; old and new are both good for a while.",
                advice_zh="请在该采集连接的页面轮换证书;新旧证书在一段时间内同时有效。",
                link=f"/connect/{row.device}/identity" if row.device else "/system",
                time_us=row.until_us if ended else now_us,
            )
        )
    return found


def _disk(rooms: Rooms) -> list[Attention]:
    free = shutil.disk_usage(rooms.registry.data).free
    reserve = rooms.settings.reserve_bytes
    if free > 2 * reserve:
        return []
    return [
        Attention(
            severity="high" if free < reserve else "medium",
            kind="disk.low",
            title="The disk is nearly full" if free >= reserve else "The disk is full: nothing new is accepted",
            title_zh="磁盘即将写满" if free >= reserve else "磁盘已满:不再接收新数据",
            detail=f"{free / 1e9:.1f} GB are free, {reserve / 1e9:.1f} GB are the reserve",
            detail_zh=f"剩余 {free / 1e9:.1f} GB,保留空间 {reserve / 1e9:.1f} GB",
            advice="Free space; acceptance resumes by itself.",
            advice_zh="请清理磁盘;系统会自动恢复接收。",
            link="/system",
            time_us=rooms.clock_us(),
        )
    ]


def _quotas(rooms: Rooms, tenant: str) -> list[Attention]:
    quotas = rooms.registry.quotas
    found = []
    for line in quotas.lines(tenant):
        stage = standing(line, refused=quotas.was_refused(tenant, line.what))
        if not stage:
            continue
        name, name_zh = QUOTA_TITLES[line.what]
        where = f" ({line.level} {line.place})".replace(" )", ")")
        found.append(
            Attention(
                severity="high" if stage == 2 else "medium",
                kind="quota.exceeded" if stage == 2 else "quota.near",
                title=f"Quota reached: {name}" if stage == 2 else f"Quota nearly used: {name}",
                title_zh=f"配额已用完:{name_zh}" if stage == 2 else f"配额即将用完:{name_zh}",
                detail=f"{line.used:,.0f} of {line.limit:,}{where}",
                detail_zh=f"已用 {line.used:,.0f},上限 {line.limit:,}",
                advice="What is sent too fast waits, what does not fit is refused; nothing accepted is lost.",
                advice_zh="发送过快的数据会被延迟,超出的内容会被拒绝;已接收的数据不会丢失。",
                link="/use",
                time_us=rooms.clock_us(),
            )
        )
    return found


def _support(rooms: Rooms, tenant: str) -> list[Attention]:
    """Who of the platform waits to be let in, and who is in."""
    found = []
    for one in rooms.registry.support.live(tenant):
        waits = one.state == "asked"
        found.append(
            Attention(
                severity="medium" if waits else "low",
                kind="support.asked" if waits else "support.open",
                title="The platform asks for support access" if waits else "Support access is open",
                title_zh="平台申请支持访问" if waits else "支持访问已开放",
                detail=f"{one.asker}: {one.reason}",
                detail_zh=f"{one.asker}:{one.reason}",
                advice="Nothing of this company is open to them until an administrator consents."
                if waits
                else "It ends by itself; an administrator can end it at once.",
                advice_zh="在管理员同意之前,对方看不到本企业的任何数据。"
                if waits
                else "到期自动结束;管理员可随时立即结束。",
                link="/access#support",
                time_us=one.asked_us if waits else one.decided_us or one.asked_us,
            )
        )
    return found


def _applications(rooms: Rooms, tenant: str) -> list[Attention]:
    """Companies that nobody has looked at, told where their reviewers are at home."""
    registry = rooms.registry
    place = registry.tenants.place(tenant)
    run = place.runs if place is not None else ""
    if tenant != registry.tenant and not run:
        return []
    waiting = registry.applications.unseen("" if tenant == registry.tenant else run)
    if not waiting:
        return []
    return [
        Attention(
            severity="low",
            kind="application.waiting",
            title=f"{len(waiting)} companies want to come" if len(waiting) > 1 else "A company wants to come",
            title_zh=f"{len(waiting)} 家企业申请入驻",
            detail=", ".join(row.title or row.title_zh for row in waiting[:3]),
            detail_zh="、".join(row.title_zh or row.title for row in waiting[:3]),
            advice="Take it at the operator's desk, and approve, ask or refuse.",
            advice_zh="请在运营台受理:批准、提问或拒绝。",
            link="/desk",
            time_us=min(row.made_us for row in waiting),
        )
    ]


def _backlog(rooms: Rooms) -> list[Attention]:
    backlog = rooms.pulse.backlog()
    if not backlog["frames"] or backlog["eta_s"] < _BACKLOG_S:
        return []
    return [
        Attention(
            severity="low",
            kind="gateway.backlog",
            title="Values wait at the gateway",
            title_zh="网关有数据等待上传",
            detail=f"caught up in about {backlog['eta_s']:.0f} s",
            detail_zh=f"约 {backlog['eta_s']:.0f} 秒后追平",
            advice="Nothing is lost; wait.",
            advice_zh="数据不会丢失,请稍候。",
            link="/system",
            time_us=int(backlog["oldest_us"]) or rooms.clock_us(),
        )
    ]
