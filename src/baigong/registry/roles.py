"""The ready-made roles, and who may give which: nobody makes somebody who may do more than they may themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from msgspec import Struct

from baigong.registry.principal import Principal
from baigong.security.scope import role_policies
from baigong.vocab.errors import FixConfiguration, Reauthenticate

TENANT_ADMIN = "tenant_admin"
_OPERATOR = "platform_operator"
_PREFIX = "role."


class Role(Struct, frozen=True, kw_only=True):
    """``actions``: what its policies permit; ``platform``: beyond one company, given by a platform operator only."""

    role: str
    title: str
    title_zh: str
    actions: tuple[str, ...]
    platform: bool


@cache
def ready_made() -> dict[str, Role]:
    """Return the roles of security/policies/roles.cedar, in their order."""
    found = {}
    for policy in role_policies():
        if policy.effect == "permit" and policy.id.startswith(_PREFIX):
            name = policy.id.removeprefix(_PREFIX)
            found[name] = Role(
                role=name,
                title=policy.annotations.get("en", name),
                title_zh=policy.annotations.get("zh", name),
                actions=tuple(sorted(policy.actions or ())),
                platform=name.startswith("platform_"),
            )
    found["regulator"] = Role(role="regulator", title="regulator", title_zh="监管者", actions=(), platform=False)
    return found


def may_give(maker: Principal, role: str) -> bool:
    known = ready_made()
    if role not in known:
        return False
    if known[role].platform:
        return _OPERATOR in maker.roles
    own = {action for name in maker.roles if name in known for action in known[name].actions}
    return own.issuperset(known[role].actions)


def still_given(token: Principal, tenant: str, role: str) -> Principal:
    """Return a token with what both it and its person, of this company and role, may: it never may more than they.

    Roles count at home: a token for another company is left as it is.
    """
    if token.tenant != tenant:
        return token
    owner, wanted = Principal(tenant=tenant, user=token.person, role=role, by=""), replace(token, role=token.given)
    kept = [name for name in wanted.roles if may_give(owner, name)]
    if len(kept) == len(wanted.roles):
        return wanted
    kept += [name for name in owner.roles if may_give(wanted, name)]
    return replace(token, role=",".join(sorted(set(kept))))


def check_roles(maker: Principal, roles: Iterable[str]) -> str:
    """Return roles as the records keep them. Raises config.invalid for an unknown one, auth.denied for too much."""
    wanted = sorted(set(roles))
    if not wanted:
        raise FixConfiguration("config.invalid", "choose at least one role", place="roles")
    for role in wanted:
        if role not in ready_made():
            raise FixConfiguration(
                "config.invalid", f"there is no role {role!r}; there are {list(ready_made())}", place="roles"
            )
        if not may_give(maker, role):
            raise Reauthenticate("auth.denied", f"{maker.user} may not give {role}, which may do more", place="roles")
    return ",".join(wanted)
