"""For companies that want to come: apply, look how it stands, answer a question. Nothing of others is told."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.throttle import Throttle
from baigong.api.wire import Call, Operation
from baigong.registry.applications import Application, Wish
from baigong.vocab.addresses import network_of
from baigong.vocab.errors import FixConfiguration

_MOST = 64 * 1024  # bytes of a body
Short = Annotated[str, Meta(max_length=200)]
Long = Annotated[str, Meta(min_length=1, max_length=2000)]


class RegionChoice(Struct, frozen=True, kw_only=True):
    region: str
    title: str
    title_zh: str


class PackageChoice(Struct, frozen=True, kw_only=True):
    package: str
    title: str
    title_zh: str
    text: str
    text_zh: str


class ApplyPage(Struct, frozen=True, kw_only=True):
    """``open``: whether applications are taken; where not, nothing else is told."""

    open: bool
    regions: list[RegionChoice]
    packages: list[PackageChoice]


class NewApplication(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``credit_code``: GB 32100-2015. One of ``phone`` and ``email`` is wanted. ``wish``: the id it would like."""

    credit_code: Annotated[str, Meta(max_length=40)]
    title: Short = ""
    title_zh: Short = ""
    region: Short = ""
    contact: Annotated[str, Meta(min_length=1, max_length=200)]
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Short = ""
    wish: Annotated[str, Meta(max_length=64)] = ""
    package: Annotated[str, Meta(max_length=40)] = ""


class Receipt(Struct, frozen=True, kw_only=True):
    """``code``: opens its state, with the reference; shown this once."""

    reference: str
    code: str


class AskState(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reference: Annotated[str, Meta(max_length=40)]
    code: Annotated[str, Meta(max_length=100)]


class GiveAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reference: Annotated[str, Meta(max_length=40)]
    code: Annotated[str, Meta(max_length=100)]
    answer: Long


class SaidToApplicant(Struct, frozen=True, kw_only=True):
    """``what``: made, asked, answered, refused or approved; reviewers are not named."""

    time_us: int
    what: str
    text: str


class ApplicantState(Struct, frozen=True, kw_only=True):
    """``tenant``, ``admin``: what was made, once approved; the first password comes from the reviewer."""

    reference: str
    state: str
    title: str
    title_zh: str
    credit_code: str
    made_us: int
    changed_us: int
    tenant: str
    admin: str
    said: list[SaidToApplicant]


def operations(rooms: Rooms, throttle: Throttle) -> list[Operation]:
    queue, packages = rooms.registry.applications, rooms.registry.packages

    def knock(call: Call) -> tuple[str, ...]:
        """Count before looking: who tries many codes, or applies many times, waits."""
        key = ("apply", network_of(call.request.client.host if call.request.client else ""))
        throttle.check(key)
        throttle.failed(key)
        return key

    async def page(call: Call) -> Any:
        if not queue.rules.open:
            return ApplyPage(open=False, regions=[], packages=[])
        return ApplyPage(
            open=True,
            regions=[
                RegionChoice(region=r.region, title=r.title, title_zh=r.title_zh)
                for r in rooms.registry.tenants.regions()
            ],
            packages=[
                PackageChoice(package=h.name, title=p.title, title_zh=p.title_zh, text=p.text, text_zh=p.text_zh)
                for h in await packages.listed()
                if (p := h.package) is not None and p.offered
            ],
        )

    async def apply(call: Call) -> Any:
        if not queue.rules.open:
            raise FixConfiguration("application.closed", "this platform takes no applications by itself")
        knock(call)
        reference, code = await queue.apply(msgspec.convert(msgspec.structs.asdict(call.body), Wish))
        return Receipt(reference=reference, code=code)

    async def state(call: Call) -> Any:
        key = knock(call)
        found = queue.seen_by_applicant(call.body.reference, call.body.code)
        throttle.succeeded(key)
        return _told(found)

    async def answer(call: Call) -> Any:
        key = knock(call)
        found = await queue.answer(call.body.reference, call.body.code, call.body.answer)
        throttle.succeeded(key)
        return _told(found)

    def public(method: str, path: str, summary: str, handle: Any, body: Any, answer: Any) -> Operation:
        return Operation(method, path, summary, handle, body=body, answer=answer, everyone=True, most=_MOST)

    return [
        public("GET", "/apply", "What a company may apply for", page, None, ApplyPage),
        public("POST", "/apply", "Apply as a company", apply, NewApplication, Receipt),
        public("POST", "/apply/state", "How my application stands", state, AskState, ApplicantState),
        public("POST", "/apply/answer", "Answer the reviewer", answer, GiveAnswer, ApplicantState),
    ]


def _told(one: Application) -> ApplicantState:
    said = [
        SaidToApplicant(time_us=h.time_us, what=h.what, text="" if h.what == "approved" else h.text)
        for h in one.history
        if h.what != "taken"
    ]
    return ApplicantState(
        reference=one.id,
        state=one.state,
        title=one.title,
        title_zh=one.title_zh,
        credit_code=one.credit_code,
        made_us=one.made_us,
        changed_us=one.changed_us,
        tenant=one.tenant,
        admin=one.admin,
        said=said,
    )
