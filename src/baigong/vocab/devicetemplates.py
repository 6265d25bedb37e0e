"""Device templates (点表) as people write them: the points of a kind of device, said once for N devices of it. Pure.

A template is about a way in: which registers a meter has. What the meter is, an asset type says; ``asset_type``
proposes one. Options, addresses, scales and offsets may have ``{…}`` in them as in a binding
(``holding:{base+2}:float32``): parameters that the template lists, and ``device`` and ``asset``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from baigong.vocab.assets import Property
from baigong.vocab.binding import Unbound, number_of, parse_template
from baigong.vocab.devices import Counter, DeviceSpec, Kind, PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.faults import wrong_field, wrong_part
from baigong.vocab.texts import on_one_line, read_yaml
from baigong.vocab.typelines import with_line
from baigong.vocab.units import is_unit, meant
from baigong.vocab.writing import WriteRule

LONGEST = 1_000_000  # characters
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
_PARAMETER = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OWN = ("device", "asset")  # what every device has
_Word = Annotated[str, Meta(max_length=200)]
_Text = Annotated[str, Meta(max_length=1000)]
_Note = Annotated[str, Meta(max_length=4000)]


class RegisterMap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the registers were read: the maker's document, its revision, and where it can be had."""

    document: _Text = ""
    revision: _Word = ""
    url: _Text = ""


class Parameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What differs from device to device beside its connection. ``default``: none means that each must say it."""

    kind: Literal["number", "text"] = "number"
    default: Property | None = None
    choices: Annotated[list[Property], Meta(max_length=100)] = []
    title: _Word = ""
    title_zh: _Word = ""


class TemplatePoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One point that every device of the template has; fields as in a device's file."""

    address: Annotated[str, Meta(min_length=1, max_length=1000)]
    kind: Kind = "gauge"
    unit: Annotated[str, Meta(max_length=40)] = ""  # UCUM code
    title: _Word = ""
    title_zh: _Word = ""
    semantic: _Text = ""
    scale: float | _Text = 1.0  # a text has a parameter in it: "{ct}", "{ct}e-2"
    offset: float | _Text = 0.0
    scan: str = ""
    sloped: bool = True
    states: dict[str, str] = {}
    states_zh: dict[str, str] = {}
    counter: Counter | None = None
    deadband: float = 0.0
    write: WriteRule | None = None


class DeviceTemplate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A template. ``options``: of the driver, where all devices have the same, or with parameters in them."""

    template: str
    title: _Word = ""
    title_zh: _Word = ""
    manufacturer: _Word = ""
    models: Annotated[list[_Word], Meta(max_length=50)] = []
    source: RegisterMap = RegisterMap()
    notes: _Note = ""
    notes_zh: _Note = ""
    driver: str
    asset_type: Annotated[str, Meta(max_length=64)] = ""
    parameters: Annotated[dict[str, Parameter], Meta(max_length=50)] = {}
    options: dict[str, Any] = {}
    scan: dict[str, str] = {}
    points: Annotated[dict[str, TemplatePoint], Meta(min_length=1, max_length=5000)]


@dataclass(slots=True, frozen=True)
class Wanted:
    """One device that is to be made. ``options``: over those of the template; ``asset``: "" is called as the device."""

    device: str
    asset: str = ""
    title: str = ""
    title_zh: str = ""
    gateway: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Property] = field(default_factory=dict)


def parse_device_template(text: str, name: str) -> DeviceTemplate:
    """Read a template's YAML. Raises config.invalid, with the field ``line`` where it is about something in it."""
    if len(text) > LONGEST:
        raise FixConfiguration("payload.too_large", f"a template has at most {LONGEST:,} characters", place=name)
    try:
        raw = read_yaml(text, name)
        if not isinstance(raw, dict):
            raise FixConfiguration("config.invalid", "this is no template: write driver: and points:", place=name)
        raw = _as_meant({"template": name} | raw)
        try:
            made = msgspec.convert(raw, DeviceTemplate)
        except msgspec.ValidationError as error:
            part = wrong_part(raw, name, {"points": TemplatePoint, "parameters": Parameter})
            raise (part or wrong_field(error, name, DeviceTemplate)) from error
        _require_whole(made, name)
    except FixConfiguration as error:
        raise with_line(error, text, name) from error
    return made


def device_template_yaml(template: DeviceTemplate) -> str:
    """Write a template: fixed order, defaults left out, a point a line where it is short."""
    import yaml

    plain = msgspec.to_builtins(template)
    points = plain.pop("points")
    head = str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120))
    lines = [f"  {on_one_line(name)}: {on_one_line(told)}" for name, told in points.items()]
    return head + "points:\n" + "\n".join(lines) + "\n"


def made_device(template: DeviceTemplate, ref: str, wanted: Wanted) -> DeviceSpec:
    """Make the device of a template. ``ref``: how its file names the template (``sdm630@2``).

    Raises config.invalid for a parameter that is missing, unknown or none of its choices, and what is wrong then.
    """
    asset = wanted.asset or wanted.device
    told = {"device": wanted.device, **parameters_of(template, wanted.parameters)}
    own = {"asset": asset}

    def filled(text: str, place: str) -> str:
        try:
            return parse_template(text, place).filled(own, told)
        except Unbound as error:
            raise FixConfiguration("config.invalid", f"{text!r}: {error.message}", place=place) from error

    def number(said: float | str, place: str) -> float:
        try:
            return number_of(said, lambda text: filled(text, place))
        except Unbound as error:
            raise FixConfiguration("config.invalid", f"{said!r}: {error.message}", place=place) from error

    points = []
    for name, point in template.points.items():
        place = f"points.{name}"
        fields = {f: getattr(point, f) for f in TemplatePoint.__struct_fields__}
        fields |= {
            "name": f"{asset}.{name}",
            "address": filled(point.address, f"{place}.address"),
            "scale": number(point.scale, f"{place}.scale"),
            "offset": number(point.offset, f"{place}.offset"),
        }
        points.append(PointSpec(**fields))
    options = {name: _option(value, own, told, f"options.{name}") for name, value in template.options.items()}
    kept = dict(wanted.parameters) | ({"asset": asset} if asset != wanted.device else {})
    return DeviceSpec(
        device=wanted.device,
        driver=template.driver,
        gateway=wanted.gateway or "local",
        title=wanted.title,
        title_zh=wanted.title_zh,
        options={**options, **wanted.options},
        scan=dict(template.scan),
        template=ref,
        parameters=kept,
        points=points,
    )


def parameters_of(template: DeviceTemplate, given: Mapping[str, Property]) -> dict[str, Property]:
    """Return the value of every parameter. Raises config.invalid."""
    for name in given:
        if name not in template.parameters:
            raise FixConfiguration(
                "config.invalid", f"the template has no parameter {name!r}{_near(name, template.parameters)}",
                place=name,
            )  # fmt: skip
    made: dict[str, Property] = {}
    for name, told in template.parameters.items():
        value = given.get(name, told.default)
        if value is None or value == "":
            raise FixConfiguration("config.invalid", f"the parameter {name!r} is not given", place=name)
        made[name] = parameter_value(name, told, value)
    return made


def parameter_value(name: str, told: Parameter, value: Property) -> Property:
    """Read a parameter's value. Raises config.invalid for what it cannot be."""
    if told.kind == "number":
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if isinstance(value, bool) or not -1e300 < number < 1e300:
            raise FixConfiguration("config.invalid", f"{name} is a number; {value!r} is none", place=name)
        value = int(number) if number.is_integer() and abs(number) < 2**53 else number
    elif not isinstance(value, str):
        value = str(value)
    if told.choices and value not in told.choices:
        said = ", ".join(map(str, told.choices))
        raise FixConfiguration("config.invalid", f"{name} is one of {said}, not {value!r}", place=name)
    return value


def _option(value: Any, own: Mapping[str, Property], told: Mapping[str, Property], place: str) -> Any:
    """Fill an option; one that is a parameter and nothing else keeps its kind: a unit number stays a number."""
    if not isinstance(value, str) or "{" not in value:
        return value
    name = value.strip()[1:-1]
    if value.strip() == f"{{{name}}}" and name in told:
        return told[name]
    try:
        return parse_template(value, place).filled(own, told)
    except Unbound as error:
        raise FixConfiguration("config.invalid", f"{value!r}: {error.message}", place=place) from error


def _require_whole(made: DeviceTemplate, name: str) -> None:
    if made.template != name or not _NAME.fullmatch(name):
        raise FixConfiguration(
            "config.invalid",
            f"{made.template!r} is no name for this template: small letters, digits, _ and -",
            place=f"{name}.template",
        )
    for key, parameter in made.parameters.items():
        _require_parameter(key, parameter, f"{name}.parameters.{key}")
    for option, value in made.options.items():
        if isinstance(value, str):
            _require_known(value, made, f"{name}.options.{option}")
    for key, point in made.points.items():
        _require_point(key, point, made, f"{name}.points.{key}")


def _require_parameter(key: str, parameter: Parameter, place: str) -> None:
    if not _PARAMETER.fullmatch(key) or key in _OWN:
        raise FixConfiguration("config.invalid", f"{key!r} names no parameter: small letters and _", place=place)
    if parameter.default is not None:
        try:
            parameter_value(key, parameter, parameter.default)
        except FixConfiguration as error:
            raise FixConfiguration("config.invalid", error.message, place=f"{place}.default") from error


def _require_point(key: str, point: TemplatePoint, made: DeviceTemplate, place: str) -> None:
    try:
        PointSpec(name=f"a.{key}", address=point.address)
    except ValueError as error:
        raise FixConfiguration("config.invalid", f"{key!r} names no point", place=place) from error
    for what in ("address", "scale", "offset"):
        value = getattr(point, what)
        if isinstance(value, str):
            _require_known(value, made, f"{place}.{what}")
    if not is_unit(point.unit):
        near = meant(point.unit)
        sentence = f"{point.unit!r} is no UCUM unit" + (f"; perhaps {near}" if near else "")
        raise FixConfiguration("config.invalid", sentence, place=f"{place}.unit")
    if point.scan and point.scan != "default" and point.scan not in made.scan:
        sentence = f"there is no scan class {point.scan!r}; there are {sorted(made.scan)}"
        raise FixConfiguration("config.invalid", sentence, place=f"{place}.scan")


def _require_known(text: str, made: DeviceTemplate, place: str) -> None:
    """Read a text with braces; refuse a name in them that is no parameter."""
    import ast

    read = parse_template(text, place)
    for piece in read.pieces:
        if isinstance(piece, str):
            continue
        for node in ast.walk(piece[0]):
            if isinstance(node, ast.Name) and node.id not in (*made.parameters, *_OWN, "property"):
                raise FixConfiguration(
                    "config.invalid",
                    f"{node.id!r} is no parameter of the template{_near(node.id, made.parameters)}",
                    place=place,
                )


def _near(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    if near:
        return f"; perhaps {near[0]}"
    return f"; it has {', '.join(known)}" if known else "; it has none"


def _as_meant(raw: dict[str, Any]) -> dict[str, Any]:
    """Read the state 0 as "0", and on as "true"."""
    points = raw.get("points")
    if not isinstance(points, dict):
        return raw
    read = {}
    for key, told in points.items():
        if isinstance(told, dict):
            told = {
                what: {_word(k): str(word) for k, word in value.items()}
                if what in ("states", "states_zh") and isinstance(value, dict)
                else value
                for what, value in told.items()
            }
        read[str(key)] = told
    return raw | {"points": read}


def _word(key: Any) -> str:
    return str(int(key)) if isinstance(key, bool) else str(key)
