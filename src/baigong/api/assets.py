"""Assets: the tree of what there is, found by any name, described one by one or in bulk."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.assets_found import found_assets
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.assets import Counts, Finding, counted
from baigong.registry.assettable import open_assets, with_those_above
from baigong.registry.relations import related
from baigong.registry.tree import Tree
from baigong.registry.types import Gap
from baigong.registry.visible import Visible
from baigong.stores.records.assets import AssetRow
from baigong.vocab.assets import AssetSpec, Level, Property, State
from baigong.vocab.devices import AssetWords
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.relations import LONGEST_KIND, relation_words

_MOST = 20_000  # assets in one list that is written
_NAMELESS = AssetWords()


class AssetsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``parent``: only its direct parts (empty: what stands right below the company); ``under``: it and all below.

    ``properties``: with those of each, and their relations, which are otherwise left out.
    """

    search: str = ""
    parent: str | None = None
    under: str = ""
    level: str = ""
    type: str = ""
    state: str = ""
    retired: bool = False
    properties: bool = False
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 200
    offset: Annotated[int, Meta(ge=0)] = 0


class AssetLine(Struct, frozen=True, kw_only=True):
    """One asset of a list. ``described``: somebody said what it is; otherwise only points name it.

    ``children``: its direct parts, ``points``: those of its own and of all its parts.
    """

    asset: str
    parent: str
    level: Level
    type: str
    code: str
    title: str
    title_zh: str
    place: str
    state: State
    described: bool
    retired: bool
    children: int
    points: int
    properties: dict[str, Property] = {}
    relations: dict[str, list[str]] = {}


class AssetsAnswer(Struct, frozen=True, kw_only=True):
    total: int
    assets: list[AssetLine]


class Step(Struct, frozen=True, kw_only=True):
    asset: str
    title: str
    title_zh: str


class Related(Struct, frozen=True, kw_only=True):
    """A relation of an asset. ``inverse``: the other one says it; ``said``: how it is said from this one."""

    kind: str
    other: str
    inverse: bool
    said: str
    said_zh: str
    title: str  # of the other one, like what follows
    title_zh: str
    type: str
    retired: bool


class AssetAnswer(Struct, frozen=True, kw_only=True):
    """``path``: all that it is a part of, the whole first; ``own_points``: without those of its parts."""

    line: AssetLine
    path: list[Step]
    properties: dict[str, Property]
    relations: list[Related]
    own_points: int
    gaps: list[Gap]  # in what it is not what its type says
    revision: int
    created_us: int
    changed_us: int
    changed_by: str


class AssetList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``check``: only say what is wrong, and what would change."""

    assets: Annotated[list[AssetSpec], Meta(max_length=_MOST)]
    check: bool = False


class AssetListAnswer(Struct, frozen=True, kw_only=True):
    """``added`` and ``changed``: how many would be, or were; with ``findings`` nothing is."""

    added: int
    changed: int
    findings: list[Finding]


class Relation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``kind``: feeds, uses, operated_by, made_of, spare_of, controlled_by, measured_by, or a name of your own."""

    kind: Annotated[str, Meta(min_length=1, max_length=LONGEST_KIND)]
    other: Annotated[str, Meta(min_length=1, max_length=200)]


class PutQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    revision: int | None = None  # that was looked at; another one meanwhile: config.conflict


def operations(rooms: Rooms) -> list[Operation]:
    assets = rooms.registry.assets

    def gaps(call: Call, asset: str) -> list[Gap]:
        return rooms.registry.types.gaps_of(call.tenant, asset)

    async def listed(call: Call) -> Any:
        query, shown = call.query, Shown.of(rooms, call)
        found = found_assets(shown, query, partial(assets.searched, call.tenant))
        page = found[query.offset : query.offset + query.limit]
        return AssetsAnswer(total=len(found), assets=[shown.line(one, query.properties) for one in page])

    async def one(call: Call) -> Any:
        name, shown = call.part("name"), Shown.of(rooms, call)
        if name not in shown.names:
            raise FixConfiguration("http.not_found", f"there is no asset {name!r}", place=name)
        return shown.whole(name, gaps(call, name) if name in shown.open else [])

    async def put(call: Call) -> Any:
        spec: AssetSpec = call.body
        rooms.registry.names.require_free(call.tenant, spec.asset)
        if spec.asset != call.part("name"):
            raise FixConfiguration("config.invalid", f"the body describes asset {spec.asset!r}", place="asset")
        held = assets.rows(call.tenant).get(spec.asset)
        call.before, call.after = held and held.spec, assets.resolved(call.tenant, spec)
        await assets.put(call.tenant, [spec], call.who.user, revision=call.query.revision)
        return Shown.of(rooms, call).whole(spec.asset, gaps(call, spec.asset))

    async def put_many(call: Call) -> Any:
        told: AssetList = call.body
        held = assets.rows(call.tenant)
        findings = assets.check(call.tenant, told.assets) if told.check else []  # else put looks
        added = sum(spec.asset not in held for spec in told.assets)
        whole = [assets.resolved(call.tenant, spec) for spec in told.assets]
        changed = sum(spec.asset in held and held[spec.asset].spec != spec for spec in whole)
        if not told.check:
            await assets.put(call.tenant, told.assets, call.who.user)
            call.after = {"added": added, "changed": changed}
        return AssetListAnswer(added=added, changed=changed, findings=findings)

    async def retire(call: Call) -> Any:
        held = assets.rows(call.tenant).get(call.part("name"))
        call.before = held and held.spec
        await assets.retire(call.tenant, call.part("name"), call.who.user)

    async def relate(call: Call) -> Any:
        name, told = call.part("name"), call.body
        await assets.relate(call.tenant, name, told.kind, told.other, call.who.user)
        call.after = {told.kind: told.other}
        return Shown.of(rooms, call).whole(name, gaps(call, name))

    async def unrelate(call: Call) -> Any:
        name, kind, other = call.part("name"), call.part("kind"), call.part("other")
        await assets.relate(call.tenant, name, kind, other, call.who.user, drop=True)
        call.before = {kind: other}

    return [
        Operation("GET", "/assets", "Find assets", listed, query=AssetsQuery, answer=AssetsAnswer),
        Operation("POST", "/assets", "Describe many assets", put_many, body=AssetList, answer=AssetListAnswer),
        Operation("GET", "/assets/{name}", "One asset", one, answer=AssetAnswer),
        Operation(
            "PUT", "/assets/{name}", "Describe or move an asset", put, query=PutQuery, body=AssetSpec,
            answer=AssetAnswer,
        ),
        Operation("DELETE", "/assets/{name}", "Retire an asset", retire),
        Operation(
            "POST", "/assets/{name}/relations", "Relate an asset to another", relate, body=Relation, answer=AssetAnswer
        ),
        Operation("DELETE", "/assets/{name}/relations/{kind}/{other}", "Drop a relation of an asset", unrelate),
    ]  # fmt: skip


@dataclass(slots=True)
class Shown:
    """The part of a tenant's tree that somebody may see. ``names``: with those above, of which no more is told."""

    tree: Tree
    rows: Mapping[str, AssetRow]
    words: dict[str, AssetWords]
    names: Collection[str]
    open: Collection[str]
    counts: Counts
    incoming: Mapping[str, list[tuple[str, str]]]

    @classmethod
    def of(cls, rooms: Rooms, call: Call) -> Shown:
        return cls.to(rooms, call.tenant, call.seen)

    @classmethod
    def to(cls, rooms: Rooms, tenant: str, seen: Visible) -> Shown:
        """Cut the tree to what is open."""
        assets, tree = rooms.registry.assets, rooms.registry.assets.tree(tenant)
        rows, words, said = assets.rows(tenant), assets.words(tenant), assets.incoming(tenant)
        if seen.everything:
            return cls(tree, rows, words, tree, tree, assets.counts(tenant), said)
        opened = open_assets(tree, tenant, seen)
        names = with_those_above(tree, opened)
        return cls(tree, rows, words, names, opened, counted(tree, seen.book, tenant), said)

    def require_open(self, asset: str) -> str:
        """Refuse an asset that is not open as one that is not there. Raises http.not_found."""
        if asset not in self.open:
            raise FixConfiguration("http.not_found", f"there is no asset {asset!r}", place=asset)
        return asset

    def line(self, asset: str, with_properties: bool = False) -> AssetLine:
        row = self.rows.get(asset) if asset in self.open else None
        spec = row.spec if row else AssetSpec(asset=asset)
        called = self.words.get(asset, _NAMELESS)
        return AssetLine(
            asset=asset,
            parent=self.tree.above(asset),
            level=spec.level,
            type=spec.type,
            code=spec.code,
            title=called.title,
            title_zh=called.title_zh,
            place=spec.place,
            state=spec.state,
            described=row is not None,
            retired=row is not None and row.retired_us is not None,
            children=sum(one in self.names and not self.is_retired(one) for one in self.tree.children(asset)),
            points=self.counts.all[asset],
            properties=spec.properties if with_properties else {},
            relations=self._said(spec) if with_properties else {},
        )

    def whole(self, asset: str, gaps: list[Gap]) -> AssetAnswer:
        row = self.rows.get(asset) if asset in self.open else None
        steps = []
        for one in self.tree.path(asset):
            called = self.words.get(one, _NAMELESS)
            steps.append(Step(asset=one, title=called.title, title_zh=called.title_zh))
        return AssetAnswer(
            line=self.line(asset),
            path=steps,
            properties=row.spec.properties if row else {},
            relations=self.related(asset),
            own_points=self.counts.own[asset],
            gaps=gaps,
            revision=row.revision if row else 0,
            created_us=row.created_us if row else 0,
            changed_us=row.changed_us if row else 0,
            changed_by=row.changed_by if row else "",
        )

    def _said(self, spec: AssetSpec) -> dict[str, list[str]]:
        open_ = {kind: [one for one in others if one in self.open] for kind, others in (spec.relations or {}).items()}
        return {kind: others for kind, others in open_.items() if others}

    def related(self, asset: str) -> list[Related]:
        """Return the relations of both directions that may be told."""
        made = []
        for kind, other, inverse in related(asset, self.rows, self.incoming, self.open):
            words, called, row = relation_words(kind), self.words.get(other, _NAMELESS), self.rows.get(other)
            made.append(
                Related(
                    kind=kind, other=other, inverse=inverse,
                    said=words.inverse if inverse else words.said,
                    said_zh=words.inverse_zh if inverse else words.said_zh,
                    title=called.title, title_zh=called.title_zh,
                    type=row.spec.type if row else "", retired=self.is_retired(other),
                )
            )  # fmt: skip
        return made

    def is_retired(self, asset: str) -> bool:
        row = self.rows.get(asset)
        return row is not None and row.retired_us is not None
