"""Which subjects each role may use on NATS: rules for the server, which refuses everything else.

A role is one kind of process. No gateway reads a stream, purges or deletes one, hears another's answers or speaks under
another's name; one that serves named companies stores only their frames. What a role is refused, the server logs.
"""

from __future__ import annotations

from dataclasses import dataclass

from baigong.bus.passes import KEEPER, PLATFORM, RESTORE, Pass, inbox
from baigong.bus.subjects import frames_stream
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import gateway_id, partition_id, tenant_id
from baigong.vocab.usage import PLATFORM as PLATFORMS_OWN

_ASKED_BY_NAME = (
    "devices", "points.register", "credentials", "certificates", "quotas", "networks", "stops", "standing.since",
    "standing.fallen", "records",
)  # fmt: skip
_ASKED = ("authority",)


@dataclass(slots=True, frozen=True, kw_only=True)
class Role:
    """Subjects as NATS writes them. ``answers``: may answer who asked it, once and soon."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    deny: tuple[str, ...] = ()
    answers: bool = False


def role_of(who: Pass) -> Role:
    """Return what a pass allows, in its partitions. Raises config.invalid for a user that is no role."""
    if who.gateway:
        return _gateway(who)
    made = {PLATFORM: _platform, KEEPER: _keeper, RESTORE: _restore}.get(who.user)
    if made is None:
        raise FixConfiguration("config.invalid", f"{who.user!r} is no role on the bus", place=who.user)
    return made([(partition_id(p), frames_stream(p)) for p in who.partitions])


def _gateway(who: Pass) -> Role:
    name = gateway_id(who.gateway)
    served = [str(tenant_id(tenant)) for tenant in who.companies] or ["*"]
    return Role(
        publish=(
            *(f"frame.{partition_id(p)}.{tenant}" for p in who.partitions for tenant in served),
            *(f"event.{tenant}.>" for tenant in served),
            f"gateway.{name}.health",
            *(f"registry.{verb}.{name}" for verb in _ASKED_BY_NAME),
            *(f"registry.{verb}" for verb in _ASKED),
        ),
        # what the platform says of itself, such as each company's use, no gateway may say
        deny=(f"frame.*.{PLATFORMS_OWN}", f"event.{PLATFORMS_OWN}.>"),
        subscribe=(f"{inbox(who.user)}.>", f"gateway.{name}.>", "registry.standing", "quota.changed"),
        answers=True,
    )


def _platform(partitions: list[tuple[str, str]]) -> Role:
    api = [
        f"$JS.API.{verb}.{stream}"
        for _, stream in partitions
        for verb in ("STREAM.CREATE", "STREAM.UPDATE", "STREAM.PURGE", "STREAM.MSG.GET", "CONSUMER.CREATE")
    ]
    readers = [
        f"$JS.API.CONSUMER.{verb}.{stream}.*" for _, stream in partitions for verb in ("CREATE", "MSG.NEXT", "DELETE")
    ]
    return Role(
        publish=(
            "$JS.API.STREAM.INFO.*",
            *api,
            *readers,
            *(f"frame.{partition}.*" for partition, _ in partitions),
            "gateway.>",
            "event.>",
            "registry.standing",
            "quota.changed",
        ),
        subscribe=(f"{inbox(PLATFORM)}.>", "registry.>", "historian.>", "gateway.*.health", "event.>"),
        answers=True,
    )


def _keeper(partitions: list[tuple[str, str]]) -> Role:
    holds = [f"historian.{partition}.{verb}" for partition, _ in partitions for verb in ("hold", "release")]
    return Role(
        publish=(
            "$JS.API.STREAM.INFO.*",
            *(f"$JS.API.STREAM.SNAPSHOT.{stream}" for _, stream in partitions),
            *(f"$JS.SNAPSHOT.ACK.{stream}.>" for _, stream in partitions),
            *holds,
        ),
        subscribe=(f"{inbox(KEEPER)}.>",),
    )


def _restore(partitions: list[tuple[str, str]]) -> Role:
    verbs = [f"$JS.API.STREAM.{v}.{stream}" for _, stream in partitions for v in ("RESTORE", "PURGE", "UPDATE")]
    return Role(
        publish=(
            "$JS.API.STREAM.INFO.*",
            *verbs,
            *(f"$JS.SNAPSHOT.RESTORE.{stream}.>" for _, stream in partitions),
        ),
        subscribe=(f"{inbox(RESTORE)}.>",),
    )
