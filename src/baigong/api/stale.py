"""What nobody needs any more, or nobody has looked at: tokens, grants, certificates, old programs, the audit log."""

from __future__ import annotations

from collections.abc import Iterator

from baigong.api.finding import Finding, Severity
from baigong.api.rooms import Rooms
from baigong.registry.principal import ADMIN_ROLES
from baigong.stores.records.access import TokenRow
from baigong.stores.records.grants import GrantRow

_DAY_US = 86_400_000_000
_UNUSED_DAYS, _LOOK_DAYS = 90, 30
_BUS = "refused by the bus"


async def stale(rooms: Rooms, tenant: str) -> list[Finding]:
    """Find it all, in no order."""
    tokens = [row for row in await rooms.registry.people.tokens(tenant) if row.person is not None]
    grants = [row for row in await rooms.registry.rights.grants(tenant) if row.revoked_us is None]
    return [
        *(found for row in tokens for found in _token(rooms, row)),
        *(found for row in grants for found in _grant(rooms, row)),
        *_machines(rooms, tenant),
        *_programs(rooms),
        *_refused(rooms),
        *await _unseen(rooms),
    ]


def _token(rooms: Rooms, row: TokenRow) -> Iterator[Finding]:
    wide = bool(set(row.role.split(",")) & set(ADMIN_ROLES))
    if row.expires_us is None:
        yield _of_token(
            row,
            "token.endless",
            "medium" if wide else "low",
            ("may do everything and never ends", "权限过大且永不过期") if wide else ("never ends", "永不过期"),
            (
                "Replace it by one with the role it needs and an end, then revoke it.",
                "请换用权限恰当且有期限的令牌,然后撤销此令牌。",
            ),
        )
    days = _unused_days(rooms, row.tenant, "token", row.token, row.created_us)
    if days > _UNUSED_DAYS:
        yield _of_token(
            row,
            "token.unused",
            "medium" if wide else "low",
            (f"has not been used for {days} days", f"已有 {days} 天未使用"),
            ("Nobody seems to need it: revoke it.", "似乎已无人需要:请撤销。"),
        )


def _of_token(row: TokenRow, kind: str, severity: Severity, why: tuple[str, str], advice: tuple[str, str]) -> Finding:
    return Finding(
        severity=severity,
        kind=kind,
        what=row.token,
        title=f"The API token “{row.title}” {why[0]}",
        title_zh=f"API 令牌“{row.title}”{why[1]}",
        advice=advice[0],
        advice_zh=advice[1],
        link="/system",
    )


def _grant(rooms: Rooms, row: GrantRow) -> Iterator[Finding]:
    if "context.now" not in row.text:
        yield Finding(
            severity="low",
            kind="grant.endless",
            what=row.grant,
            title=f"The grant “{row.title}” never ends",
            title_zh=f"授权“{row.title}”永不过期",
            advice="Give it again with an end, and revoke this one.",
            advice_zh="请重新授权并设定期限,然后撤销此授权。",
            link="/access",
        )
    days = _unused_days(rooms, row.tenant, "grant", row.grant, row.made_us)
    if days > _UNUSED_DAYS:
        yield Finding(
            severity="low",
            kind="grant.unused",
            what=row.grant,
            title=f"The grant “{row.title}” has decided nothing for {days} days",
            title_zh=f"授权“{row.title}”已有 {days} 天未被使用",
            advice="Nobody seems to need it: revoke it.",
            advice_zh="似乎已无人需要:请撤销。",
            link="/access",
        )


def _unused_days(rooms: Rooms, tenant: str, kind: str, name: str, made_us: int) -> int:
    uses = rooms.registry.uses
    last = max(uses.last(tenant, kind, name), made_us, uses.since_us)
    return (rooms.clock_us() - last) // _DAY_US


def _machines(rooms: Rooms, tenant: str) -> Iterator[Finding]:
    now = rooms.clock_us()
    for row in rooms.registry.certificates.ending(tenant):
        days = (row.until_us - now) // _DAY_US
        whose, whose_zh = (row.device, row.device) if row.device else ("OPC UA client", "OPC UA 客户端")
        yield Finding(
            severity="high" if days <= 7 else "medium",
            kind="certificate.machine",
            what=row.serial,
            title=f"The certificate of {whose} ends in {days} days"
            if days >= 0
            else f"{whose}: its certificate has ended",
            title_zh=f"{whose_zh} 的证书将在 {days} 天后到期" if days >= 0 else f"{whose_zh}:证书已过期",
            advice="Rotate it on the device's page; old and new are both good for a while.",
            advice_zh="请在该采集连接的页面轮换证书;新旧证书在一段时间内同时有效。",
            link=f"/connect/{row.device}/identity" if row.device else "/system",
        )


def _programs(rooms: Rooms) -> Iterator[Finding]:
    ours = rooms.settings.version
    for gateway, told in sorted(rooms.pulse.health.items()):
        theirs = str(told.get("version") or "")
        if theirs == ours or not rooms.pulse.alive(gateway):
            continue
        shown = theirs or "an older version"
        yield Finding(
            severity="medium",
            kind="gateway.version",
            what=gateway,
            title=f"The gateway {gateway} runs {shown}, the platform {ours}",
            title_zh=f"网关 {gateway} 运行 {theirs or '旧版本'},平台为 {ours}",
            advice="Install the platform's version there and start it again: what is mended here is not mended there.",
            advice_zh="请在该网关安装与平台相同的版本并重启:此处已修复的问题在那里尚未修复。",
            link="/system",
        )


def _refused(rooms: Rooms) -> Iterator[Finding]:
    for row in rooms.facts.dropped():
        if row["what"] != _BUS or not row["count"]:
            continue
        yield Finding(
            severity="high",
            kind="bus.refused",
            what=str(row["where"]),
            title=f"The message bus refused {row['where']} {row['count']} times",
            title_zh=f"消息总线已 {row['count']} 次拒绝 {row['where']}",
            advice="A program of ours does not ask for that: see nats/nats.log, and make that gateway a new pass.",
            advice_zh="正常的程序不会发出这些请求:请查看 nats/nats.log,并为该网关重新签发通行凭据。",
            command=f"grep Violation {rooms.registry.data / 'nats' / 'nats.log'}",
            link="/system",
        )


async def _unseen(rooms: Rooms) -> list[Finding]:
    last = await rooms.registry.audit_check.last()
    if last is not None and last.wrong:
        return [
            Finding(
                severity="high",
                kind="audit.wrong",
                what="audit",
                title=f"The audit log is not as it was written: {last.wrong}",
                title_zh=f"审计日志与写入时不一致:{last.wrong}",
                advice="Somebody changed the records beside the platform: compare with a backup and exported logs.",
                advice_zh="有人绕过平台修改了记录:请与备份和已导出的日志比对。",
                link="/audit",
            )
        ]
    days = None if last is None else (rooms.clock_us() - last.time_us) // _DAY_US
    if days is not None and days <= _LOOK_DAYS:
        return []
    return [
        Finding(
            severity="low",
            kind="audit.unseen",
            what="audit",
            title="The audit log was never looked through"
            if days is None
            else f"The audit log was looked through {days} days ago",
            title_zh="审计日志从未核验" if days is None else f"审计日志已 {days} 天未核验",
            advice="Look through it now (below), and export it from time to time to a place of your own.",
            advice_zh="请立即核验(见下方),并定期导出到自己的存储。",
            link="/audit",
        )
    ]
