"""Screens as people draw them: symbols, pipes, numbers and charts on a sheet, each showing points. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.limits import Limits
from baigong.vocab.texts import read_yaml

Symbol = Literal[
    "pump", "valve", "tank", "vessel", "motor", "drive", "fan", "compressor", "conveyor", "machine", "robot",
    "heat_exchanger", "filter", "sensor", "meter", "breaker", "transformer", "light",
]  # fmt: skip
Element = Literal["pipe", "text", "value", "bar", "gauge", "trend", "state", "image", "link"]
What = Literal[Symbol, Element]
SYMBOLS: tuple[Symbol, ...] = get_args(Symbol)
Slot = Literal["running", "fault", "open", "level", "value", "speed", "set_point"]
OWN = "asset"  # the variable that says whose screen it is, of a screen that is drawn for a type
_NAME = re.compile(r"\w(?:[\w-]{0,62}\w)?")
_VARIABLE = re.compile(r"\$\{([a-z][a-z0-9_]{0,31})\}")
_LONGEST = 1_000_000  # characters of a text
_Size = Annotated[float, Meta(ge=-100_000, le=100_000)]
_Corner = Annotated[list[_Size], Meta(min_length=2, max_length=2)]
_Word = Annotated[str, Meta(max_length=200)]
_Ref = Annotated[str, Meta(min_length=1, max_length=300)]
_Id = Annotated[str, Meta(pattern=r"^[\w-]{1,64}$")]
_File = Annotated[str, Meta(max_length=100, pattern=r"^([\w-][\w.-]*)?$")]


class Item(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing on a screen; later ones lie over earlier ones.

    ``what`` (written ``is``): a symbol, or an element. ``at``: x, y of its upper left corner, width, height, in the
    units of ``size``; ``turn``: degrees clockwise about its middle; ``flip``: a symbol is mirrored, left to right,
    before it is turned. ``path``: corners of a pipe, in place of ``at``.
    ``shows``: which point stands for what; ``when``: which values of it mean yes (anything but 0, if it is not said).
    ``lines``: the points of a trend, and ``span`` how much of the past it shows. ``limits``: see there.
    ``file``: the picture of an image. ``opens``: where a click goes: ``screen:NAME``, ``asset:NAME`` or
    ``point:NAME``; left out: to what it shows. ``group``: items that are moved together bear the same word.
    """

    id: _Id
    what: What = msgspec.field(name="is")
    at: Annotated[list[_Size], Meta(min_length=4, max_length=4)] | None = None
    turn: Annotated[float, Meta(ge=0, lt=360)] = 0
    flip: bool = False
    path: Annotated[list[_Corner], Meta(max_length=200)] = []
    shows: dict[Slot, _Ref] = {}
    when: dict[Slot, Annotated[list[float], Meta(max_length=50)]] = {}
    lines: Annotated[list[_Ref], Meta(max_length=8)] = []
    span: Annotated[str, Meta(max_length=20, pattern=r"^([0-9]+(s|min|h|d))?$")] = ""
    limits: Limits | None = None
    text: Annotated[str, Meta(max_length=2000)] = ""
    text_zh: Annotated[str, Meta(max_length=2000)] = ""
    file: _File = ""
    opens: Annotated[str, Meta(max_length=300, pattern=r"^((screen|asset|point):.+)?$")] = ""
    group: _Word = ""

    def references(self) -> Iterator[tuple[str, str]]:
        """Yield (field, reference) of every point that it shows."""
        for slot, ref in self.shows.items():
            yield f"shows.{slot}", ref
        for at, ref in enumerate(self.lines):
            yield f"lines.{at}", ref


class Variable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is chosen at the top of a screen, and stands for ``${name}`` in its references.

    One of ``choices``, or an asset: of a ``type``, and ``under`` another one, where these are said.
    ``default``: what it is before anybody chose; empty: the first.
    """

    title: _Word = ""
    title_zh: _Word = ""
    type: _Word = ""
    under: _Word = ""
    choices: Annotated[list[_Word], Meta(max_length=500)] = []
    default: _Word = ""


class Screen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mimic, a faceplate, a photo with values or a dashboard: one text.

    ``size``: width and height of the sheet in drawing units; it is scaled to where it is shown. ``of``: the asset
    type that it is drawn for; then ``~flow`` is the point ``flow`` of the asset that is looked at. ``photo``: a file
    of the screen that lies under all items.
    """

    screen: str = ""
    title: _Word = ""
    title_zh: _Word = ""
    size: Annotated[list[Annotated[float, Meta(gt=0, le=100_000)]], Meta(min_length=2, max_length=2)] = msgspec.field(
        default_factory=lambda: [1200.0, 800.0]
    )
    of: _Word = ""
    variables: Annotated[dict[str, Variable], Meta(max_length=20)] = {}
    photo: _File = ""
    items: Annotated[list[Item], Meta(max_length=5000)] = []


def parse_screen(text: str, name: str = "") -> Screen:
    """Read a screen's YAML. ``name``: what it is called where the text does not say. Raises config.invalid.

    >>> parse_screen("items: [{id: p1, is: pump, at: [0, 0, 80, 80]}]", "hall").screen
    'hall'
    """
    if len(text) > _LONGEST:
        raise FixConfiguration("payload.too_large", f"a screen has at most {_LONGEST:,} characters", place=name)
    raw = read_yaml(text, name)
    if not isinstance(raw, dict):
        raise FixConfiguration("config.invalid", "this is no screen: write `items:`", place=name)
    return as_screen({"screen": name} | raw, name)


def as_screen(raw: Mapping[str, Any], name: str) -> Screen:
    """Read a screen that is no text any more. Raises config.invalid with the item that is wrong."""
    made = converted(raw, name)
    require_whole(made, name)
    return made


def converted(raw: Mapping[str, Any], name: str) -> Screen:
    """Read the form alone."""
    try:
        return msgspec.convert(raw, Screen)
    except msgspec.ValidationError as error:
        raise _at_fault(raw, name, error) from error


def require_whole(screen: Screen, name: str) -> None:
    """Refuse what the form alone lets through: names, ids that stand twice, an item without a place."""
    if screen.screen != name or not _NAME.fullmatch(name):
        raise FixConfiguration(
            "config.invalid", f"{screen.screen!r} is no name for this screen: letters, digits, _ and -", place="screen"
        )
    for variable in screen.variables:
        if not _VARIABLE.fullmatch(f"${{{variable}}}") or variable == OWN:
            raise FixConfiguration(
                "config.invalid", f"{variable!r} is no name of a variable: small letters, digits and _",
                place=f"variables.{variable}",
            )  # fmt: skip
    seen: set[str] = set()
    known = {*screen.variables, *([OWN] if screen.of else [])}
    for item in screen.items:
        place = f"items.{item.id}"
        if item.id in seen:
            raise FixConfiguration("config.invalid", f"two items have the id {item.id!r}", place=place)
        seen.add(item.id)
        if item.what == "pipe" and len(item.path) < 2:
            raise FixConfiguration("config.invalid", "a pipe has a `path` of two corners or more", place=place)
        if item.what != "pipe" and item.at is None:
            raise FixConfiguration("config.invalid", "it has no place: write `at: [x, y, width, height]`", place=place)
        if item.limits is not None:
            item.limits.require_order(f"{place}.limits")
        for field, ref in (*item.references(), ("opens", item.opens)):
            _require_known(ref, known, bool(screen.of), f"{place}.{field}")


def _require_known(ref: str, known: set[str], has_own: bool, place: str) -> None:
    if ref.startswith("~") and not has_own:
        raise FixConfiguration(
            "config.invalid", f"{ref!r} is of an asset, and the screen says no type: write `of:`", place=place
        )
    for variable in _VARIABLE.findall(ref):
        if variable not in known:
            raise FixConfiguration("config.invalid", f"there is no variable {variable!r}", place=place)


def _at_fault(raw: Mapping[str, Any], name: str, whole: msgspec.ValidationError) -> FixConfiguration:
    """Say which item it is: the message about the whole only says that one is wrong."""
    items = raw.get("items")
    for at, told in enumerate(items if isinstance(items, list) else ()):
        try:
            msgspec.convert(told, Item)
        except msgspec.ValidationError as error:
            id = told.get("id", at) if isinstance(told, dict) else at
            return _wrong(error, f"items.{id}")
    return _wrong(whole, name)


def _wrong(error: msgspec.ValidationError, place: str) -> FixConfiguration:
    message, _, path = str(error).partition(" - at `$")
    return FixConfiguration("config.invalid", message, place=place + re.sub(r"\[.*", "", path.rstrip("`")))


def resolved(ref: str, chosen: Mapping[str, str]) -> str:
    """Return the point's name that a reference means, with what was chosen for the variables.

    >>> resolved("~flow", {"asset": "pump1"}), resolved("${line}.speed", {"line": "hall.line2"})
    ('pump1.flow', 'hall.line2.speed')
    """
    if ref.startswith("~"):
        ref = f"${{{OWN}}}.{ref[1:]}"
    return _VARIABLE.sub(lambda found: chosen.get(found[1], ""), ref)


def written(screen: Screen) -> str:
    r"""Write a screen as its one text: fields in one order, an item a block, so that a change is a small difference.

    >>> print(written(Screen(screen="a", items=[Item(id="p1", what="pump", at=[0, 0, 80, 80])])), end="")
    screen: a
    size: [1200, 800]
    items:
    - id: p1
      is: pump
      at: [0, 0, 80, 80]
    """
    import yaml

    class Dumper(yaml.SafeDumper):
        """Numbers stand in a row, everything else below each other."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def row(dumper: Any, value: list[Any]) -> Any:
        flat = all(isinstance(one, (int, float)) for one in value)
        pairs = bool(value) and all(isinstance(one, list) for one in value)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat or pairs)

    Dumper.add_representer(list, row)
    plain = _plain(msgspec.to_builtins(screen))
    return str(yaml.dump(plain, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10_000))


def _plain(value: Any) -> Any:
    """Write 80.0 as 80."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
