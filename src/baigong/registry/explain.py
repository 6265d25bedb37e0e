"""Says in words why somebody may do something, what they would need, and all that they may do."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from baigong.registry.people import Principal
from baigong.registry.rights import PLATFORM, Rights, tenant_ref
from baigong.registry.roles import ready_made
from baigong.security.scope import EVERYONE, Policy, Ref

# (English, Chinese) of every action in security/policies/schema.cedarschema, in its order
ACTIONS = {
    "see": ("see that it exists", "查看"),
    "read": ("read values", "读取数值"),
    "annotate": ("annotate", "标注"),
    "ingest": ("write values in", "写入数据"),
    "configure": ("configure", "配置"),
    "develop": ("develop flows and apps", "开发流程与应用"),
    "command": ("command machines", "下发指令"),
    "approve": ("approve commands", "审批指令"),
    "stop": ("stop all writes", "停止全部写入"),
    "share": ("let others in", "对外授权"),
    "people": ("manage people and tokens", "管理人员与令牌"),
    "retain": ("set how long history is kept", "设置数据保留期"),
    "audit": ("read the audit log", "查看审计日志"),
    "usage": ("see use and cost", "查看用量与费用"),
    "operate": ("operate the platform", "运维平台"),
    "review": ("review applications", "审核入驻申请"),
    "tenants": ("manage companies", "管理企业"),
}


class Reason(Struct, frozen=True, kw_only=True):
    """A policy that decided. ``kind``: role, grant or wall (a ready-made refusal)."""

    id: str
    kind: str
    permits: bool
    title: str
    title_zh: str
    actions: tuple[str, ...]  # empty: all
    object: str  # "" is everything of one's own company
    text: str
    made_by: str = ""
    made_us: int | None = None


class Explained(Struct, frozen=True, kw_only=True):
    """``needed``: what would open it, none when it is open."""

    who: str
    action: str
    object: str
    allowed: bool
    sentence: str
    sentence_zh: str
    because: list[Reason]
    needed: list[str]
    needed_zh: list[str]


class Abilities(Struct, frozen=True, kw_only=True):
    """What somebody may do, and by which policies."""

    who: str
    tenant: str
    roles: tuple[str, ...]
    company: list[str]  # actions on all of their own company
    platform: list[str]
    policies: list[Reason]


def may(rights: Rights, who: Principal, tenant: str = "") -> tuple[list[str], list[str]]:
    """Return the actions somebody has on all of a company, their own if none is named, and on the installation."""
    there = [a for a in ACTIONS if rights.decide(who, a, tenant_ref(tenant or who.tenant)).allowed]
    return there, [a for a in ACTIONS if rights.decide(who, a, PLATFORM).allowed]


def abilities(rights: Rights, who: Principal) -> Abilities:
    company, platform = may(rights, who)
    told = [_reason(rights, policy) for policy in rights.about(who)]
    return Abilities(
        who=who.called,
        tenant=who.tenant,
        roles=who.roles,
        company=company,
        platform=platform,
        policies=[reason for reason in told if reason.kind != "wall"],
    )


def explain(rights: Rights, who: Principal, action: str, thing: Ref) -> Explained:
    decision = rights.decide(who, action, thing)
    because = [_reason(rights, p) for id in decision.because if (p := rights.policy(id)) is not None]
    name, (words, words_zh) = who.called, ACTIONS[action]
    titles, titles_zh = _listed(r.title for r in because), _listed((r.title_zh for r in because), "、")
    if decision.allowed:
        sentence = f"{name} may {words} of {thing.id}, because of {titles}."
        sentence_zh = f"{name} 可以对 {thing.id} 执行“{words_zh}”,依据:{titles_zh}。"
        needed: tuple[list[str], list[str]] = [], []
    elif because:
        sentence = f"{name} may not {words} of {thing.id}: {titles} forbids it."
        sentence_zh = f"{name} 不可以对 {thing.id} 执行“{words_zh}”:被 {titles_zh} 禁止。"
        needed = [f"the end of: {titles}"], [f"解除:{titles_zh}"]
    else:
        sentence = f"{name} may not {words} of {thing.id}: nothing permits it."
        sentence_zh = f"{name} 不可以对 {thing.id} 执行“{words_zh}”:没有任何授权。"
        needed = _needed(who, action, thing)
    return Explained(
        who=name,
        action=action,
        object=str(thing),
        allowed=decision.allowed,
        sentence=sentence,
        sentence_zh=sentence_zh,
        because=because,
        needed=needed[0],
        needed_zh=needed[1],
    )


def _needed(who: Principal, action: str, thing: Ref) -> tuple[list[str], list[str]]:
    told, told_zh = [], []
    platform = thing.kind == "Platform"
    if platform or thing.id.split("/")[0] == who.tenant:
        roles = [r for r in ready_made().values() if action in r.actions and r.platform == platform]
        if roles:
            told.append(f"one of the roles {_listed(r.role for r in roles)}")
            told_zh.append(f"以下角色之一:{_listed((f'{r.title_zh} ({r.role})' for r in roles), '、')}")
    if not platform:
        told.append(f"a grant: baigong grant add {who.called} {action} OBJECT")
        told_zh.append(f"一条授权:baigong grant add {who.called} {action} 对象")
    return told, told_zh


def _reason(rights: Rights, policy: Policy) -> Reason:
    grant = rights.held(policy.id)
    kind = "grant" if grant else "role" if policy.id.startswith("role.") else "wall"
    title, title_zh = policy.annotations.get("en", policy.id), policy.annotations.get("zh", policy.id)
    if grant:
        called = grant.title or grant.grant
        title, title_zh = f"the grant “{called}” by {grant.made_by}", f"{grant.made_by} 的授权“{called}”"
    elif kind == "role":
        title, title_zh = f"the role {title}", f"角色“{title_zh}”"
    return Reason(
        id=policy.id,
        kind=kind,
        permits=policy.effect == "permit",
        title=title,
        title_zh=title_zh,
        actions=tuple(a for a in ACTIONS if policy.actions and a in policy.actions),
        object="" if policy.resource == EVERYONE else str(policy.resource),
        text=policy.text,
        made_by=grant.made_by if grant else "",
        made_us=grant.made_us if grant else None,
    )


def _listed(words: Iterable[str], comma: str = ", ") -> str:
    return comma.join(words)
