"""What the API says of screens: one as it is shown, with what is known of its points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.registry.book import PointBook
from baigong.registry.screencheck import Known, ScreenFinding, findings, missing
from baigong.registry.screenparts import is_open, part_of
from baigong.registry.screens import read_screen
from baigong.stores.records.plant import PointRow
from baigong.vocab.assets import AssetSpec
from baigong.vocab.assettypes import TypePoint
from baigong.vocab.devices import AssetWords, Kind
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.screens import OWN, Screen, Variable, resolved, written

_MOST_CHOICES = 500
_NAMELESS, _UNTYPED = AssetWords(), TypePoint()


class ShownPoint(Struct, frozen=True, kw_only=True):
    """What is to be known of a point to show its values."""

    title: str
    title_zh: str
    unit: str
    kind: Kind
    states: dict[str, str] = {}
    states_zh: dict[str, str] = {}


class Choice(Struct, frozen=True, kw_only=True):
    value: str
    title: str
    title_zh: str


class ScreenAnswer(Struct, frozen=True, kw_only=True):
    """One screen. ``made``: nobody keeps it, it follows the plant; then ``came`` is the type that drew it, if one did.

    ``points``: by their names, those that the references mean with what was ``chosen``; one that is missing is not
    there, or not open to who asks. ``choices``: what may be chosen for each variable. ``left_out``: assets for which
    an overview has no room. ``hidden``: items of which not all is told to who asks, who may know of only some points;
    then the text is not told either.
    """

    screen: Screen
    text: str
    revision: int
    made: bool
    came: str
    changed_us: int
    changed_by: str
    findings: list[ScreenFinding]
    points: dict[str, ShownPoint]
    chosen: dict[str, str]
    choices: dict[str, list[Choice]]
    left_out: int = 0
    hidden: list[str] = []


class ScreenQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``chosen``: a JSON object, variable → value; ``revision``: an earlier text."""

    chosen: str = ""
    revision: Annotated[int, Meta(ge=1)] | None = None


def read_chosen(raw: str) -> dict[str, str]:
    """Read what was chosen. Raises config.invalid."""
    try:
        return msgspec.json.decode(raw, type=dict[str, str]) if raw else {}
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FixConfiguration("config.invalid", f"chosen: {error}", place="chosen") from error


class Shower:
    """Says what there is to say of screens to one caller. ``book``: the points that they may know of.

    ``partly``: these are not all; then of a screen that is kept, only what is theirs is told.
    """

    def __init__(self, rooms: Rooms, tenant: str, book: PointBook, partly: bool = False) -> None:
        self._registry, self._tenant, self._book, self._partly = rooms.registry, tenant, book, partly
        self._told: dict[tuple[str, str], list[Choice]] = {}  # of variables: type, under

    def show(
        self,
        screen: Screen,
        chosen: Mapping[str, str],
        *,
        text: str | None = None,
        revision: int = 0,
        changed_us: int = 0,
        changed_by: str = "",
        made: bool = False,
        came: str = "",
        left_out: int = 0,
    ) -> ScreenAnswer:
        """Answer with a screen as it is looked at with what was chosen. ``text``: as it is kept, where it is."""
        choices = self._choices_of(screen)
        taken = self._taken(screen, chosen)
        rows = self._rows(screen, taken)
        hidden: list[str] = []
        if self._partly and made:  # it is made of what is theirs, and of what a type says
            hidden = [
                one.id
                for one in screen.items
                if not all(self._knows(resolved(ref, taken)) for _, ref in one.references())
            ]
        elif self._partly:
            part = part_of(screen, taken, self._knows, self._opens)
            screen, hidden, text, changed_by = part.screen, part.hidden, "", ""
        text = written(screen) if text is None else text
        return ScreenAnswer(
            screen=screen,
            text=text,
            revision=revision,
            made=made,
            came=came,
            changed_us=changed_us,
            changed_by=changed_by,
            findings=[] if self._partly else findings(screen, text, taken, self._known(screen)),
            points={name: self._point(row) for name, row in rows.items()},
            chosen=taken,
            choices=choices,
            left_out=left_out,
            hidden=hidden,
        )

    def require_open(self, screen: Screen) -> None:
        """Refuse a screen on which nothing is theirs as one that is not there. Raises http.not_found."""
        if not self.is_open(screen):
            raise FixConfiguration("http.not_found", f"there is no screen {screen.screen!r}", place=screen.screen)

    def is_open(self, screen: Screen) -> bool:
        return not self._partly or is_open(screen, self._taken(screen, {}), self._knows)

    def missing(self, screen: Screen) -> int:
        """Count what a screen names that is not there; much less work than to say what was meant."""
        return 0 if self._partly else missing(screen, self._taken(screen, {}), self._known(screen))

    def _known(self, screen: Screen) -> Known:
        registry = self._registry
        return Known(
            _Points(self._book, self._tenant),
            registry.assets.tree(self._tenant),
            registry.screens.rows(self._tenant),
            {one.name for one in registry.screens.pictures(self._tenant, screen.screen)},
        )

    def _taken(self, screen: Screen, chosen: Mapping[str, str]) -> dict[str, str]:
        variables, choices = screen.variables, self._choices_of(screen)
        return {
            name: _taken(chosen.get(name), variables.get(name), told, self._present) for name, told in choices.items()
        }

    def said_by(self, name: str) -> str:
        """Name a person of the company to whoever may see all of it."""
        return "" if self._partly else name

    def _knows(self, name: str) -> bool:
        return find(self._book, self._tenant, name) is not None

    def _opens(self, target: str) -> bool:
        kind, _, name = target.partition(":")
        if kind == "asset":
            return name in self._book.by_asset(self._tenant)
        if kind == "screen":
            row = self._registry.screens.rows(self._tenant).get(name)
            return row is not None and self.is_open(read_screen(row))
        return kind != "point" or self._knows(name)

    def rows(self, screen: Screen, chosen: Mapping[str, str]) -> dict[str, PointRow]:
        """Return the points that a screen shows with what was chosen, by what it calls them: perhaps an earlier name.

        Much less work than to say all of it.
        """
        return self._rows(screen, self._taken(screen, chosen))

    def _rows(self, screen: Screen, taken: Mapping[str, str]) -> dict[str, PointRow]:
        names = {resolved(ref, taken) for item in screen.items for _, ref in item.references()}
        return {name: row for name in sorted(names) if (row := find(self._book, self._tenant, name)) is not None}

    def _present(self, asset: str) -> str:
        return self._registry.names.asset(self._tenant, asset)

    def _point(self, row: PointRow) -> ShownPoint:
        spec = row.spec
        told = self._registry.types.point(self._tenant, spec.asset, spec.quantity) or _UNTYPED
        return ShownPoint(
            title=spec.title or told.title,
            title_zh=spec.title_zh or told.title_zh,
            unit=spec.unit,
            kind=spec.kind,
            states=spec.states or told.states,
            states_zh=spec.states_zh or told.states_zh,
        )

    def _choices_of(self, screen: Screen) -> dict[str, list[Choice]]:
        own = {OWN: Variable(type=screen.of)} if screen.of else {}
        return {name: self._choices(variable) for name, variable in (screen.variables | own).items()}

    def _choices(self, variable: Variable) -> list[Choice]:
        if variable.choices:
            return [Choice(value=one, title=one, title_zh="") for one in variable.choices if self._may_be_said(one)]
        key = (variable.type, variable.under)
        if key not in self._told:
            self._told[key] = self._assets(variable)
        return self._told[key]

    def _may_be_said(self, word: str) -> bool:
        """Say whether a word to choose is for them: it is, unless it names an asset that is not."""
        if not self._partly or word not in self._registry.assets.tree(self._tenant):
            return True
        return word in self._book.by_asset(self._tenant)

    def _assets(self, variable: Variable) -> list[Choice]:
        assets = self._registry.assets
        tree, rows, words = assets.tree(self._tenant), assets.rows(self._tenant), assets.words(self._tenant)
        types = {variable.type, *self._registry.types.extending(self._tenant, variable.type)} if variable.type else None
        open_to = self._book.by_asset(self._tenant)
        found = []
        for name in tree.places():
            row = rows.get(name)
            spec = row.spec if row is not None and row.retired_us is None else AssetSpec(asset=name)
            if types is not None and (spec.type.partition("@")[0] not in types or name not in open_to):
                continue
            if self._partly and name not in open_to:
                continue
            if (row is not None and row.retired_us is not None) or not tree.covers(variable.under, name):
                continue
            called = words.get(name, _NAMELESS)
            found.append(Choice(value=name, title=called.title or name, title_zh=called.title_zh))
            if len(found) >= _MOST_CHOICES:
                break
        return found


class _Points:
    """The names of points that somebody may know of, asked for one by one."""

    def __init__(self, book: PointBook, tenant: str) -> None:
        self._book, self._tenant = book, tenant

    def __contains__(self, name: object) -> bool:
        return find(self._book, self._tenant, str(name)) is not None

    def __iter__(self):  # type: ignore[no-untyped-def]
        return (row.name for row in self._book.active(self._tenant))

    def __len__(self) -> int:
        return len(self._book.active(self._tenant))


def find(book: PointBook, tenant: str, name: str) -> PointRow | None:
    """Return a point in use by its name; None: there is none, or it was retired, or it is not open to who asks."""
    row = book.named(tenant, name)
    return row if row is not None and row.retired_us is None else None


def _taken(wanted: str | None, variable: Variable | None, choices: list[Choice], present: Callable[[str], str]) -> str:
    """Take what was chosen, where it may be; else the default, else the first. Names may be those of before."""
    values = [one.value for one in choices]
    default = variable.default if variable else ""
    for one in (wanted, present(wanted or ""), default, present(default)):
        if one and (one in values or (len(values) >= _MOST_CHOICES)):
            return one
    return values[0] if values else ""
