"""What every driver must declare, and that the declaration is true without importing the driver."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import baigong.drivers
from baigong.drivers.contract import Driver, Remembering
from baigong.drivers.manifest import BUILT_IN, Manifest, manifest, read_manifest
from baigong.vocab.devices import parse_device
from baigong.vocab.errors import FixConfiguration

FOLDER = Path(baigong.drivers.__file__).parent
CHINESE = re.compile(r"[一-鿿]")
PARTS = ("driver.toml", "driver.py", "codec.py", "sim.py", "docs.md")
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "choice": str, "text": str}


@pytest.fixture(params=BUILT_IN)
def claimed(request: pytest.FixtureRequest) -> Manifest:
    if not (FOLDER / request.param / "driver.toml").exists():
        pytest.skip(f"{request.param} is not built yet")
    return read_manifest(request.param, f"baigong.drivers.{request.param}")


def made_class(claimed: Manifest) -> type:
    module, _, name = claimed.entry.partition(":")
    made: type = getattr(import_module(f"{claimed.package}.{module}"), name)
    return made


def test_folder_is_complete(claimed: Manifest) -> None:
    wanted = {p for p in PARTS if p != "codec.py" or claimed.id != "opcua"}  # asyncua decodes OPC UA itself
    assert not wanted - {p.name for p in (FOLDER / claimed.id).iterdir()}


def test_words_are_in_both_languages(claimed: Manifest) -> None:
    words = {"title": claimed.title, "summary": claimed.summary, "address_help": claimed.address_help}
    for option in claimed.options:
        words[option.name] = option.label
        if option.help:
            words[f"{option.name}.help"] = option.help
    for place, text in words.items():
        assert text.en, place
        assert not CHINESE.search(text.en), place
        assert text.zh, place
    for place in ("summary", "address_help"):
        assert CHINESE.search(words[place].zh), f"{place} is not in Chinese"


def test_options_are_well_formed(claimed: Manifest) -> None:
    names = [o.name for o in claimed.options]
    assert len(names) == len(set(names))
    for option in claimed.options:
        assert (option.type == "choice") == bool(option.choices), option.name
        if option.default is not None and option.type in TYPES:
            assert isinstance(option.default, TYPES[option.type]), option.name  # type: ignore[arg-type]
        if option.choices and option.default is not None:
            assert option.default in option.choices, option.name
        assert not (option.required and option.default is not None), f"{option.name}: required, yet has a default"
        assert option.type == "secret" or "password" not in option.name, f"{option.name} would be shown"


def test_docs_name_every_option(claimed: Manifest) -> None:
    text = (FOLDER / claimed.id / "docs.md").read_text("utf-8")
    missing = [o.name for o in claimed.options if f"`{o.name}`" not in text]
    assert not missing
    assert len(text) > 800


def test_the_documented_devices_and_addresses_are_accepted(claimed: Manifest) -> None:
    """Every example in docs.md is a device that can be configured; every example address one that can be read."""
    text = (FOLDER / claimed.id / "docs.md").read_text("utf-8")
    devices = [parse_device(block) for block in re.findall(r"```yaml\n(device:.*?)```", text, re.DOTALL)]
    assert devices, "docs.md shows no device"
    addresses = [(claimed.open(d.options), p.address) for d in devices for p in d.points]
    assert {d.driver for d in devices} == {claimed.id}
    addresses += [(claimed.open(devices[0].options), a) for a in claimed.address_examples]
    for driver, address in addresses:
        if hasattr(driver, "canonical"):
            once = driver.canonical(address)
            assert driver.canonical(once) == once
        assert address


def test_signatures_are_those_of_the_contract(claimed: Manifest) -> None:
    made = made_class(claimed)
    verbs = ["__aenter__", "__aexit__", "browse", "read", "watch", "write", "health"]
    pairs = [(getattr(Driver, v), getattr(made, v)) for v in verbs]
    if "history" in claimed.capabilities:
        pairs.append((Remembering.history, made.history))  # type: ignore[attr-defined]
    for promised, kept in pairs:
        ours, theirs = inspect.signature(promised), inspect.signature(kept)
        assert list(ours.parameters) == list(theirs.parameters), promised.__name__
        for name, parameter in ours.parameters.items():
            assert parameter.default == theirs.parameters[name].default, f"{promised.__name__}({name})"
    for verb in ("browse", "read", "write", "health"):
        assert inspect.iscoroutinefunction(getattr(made, verb)), verb
    assert not inspect.iscoroutinefunction(made.watch), "watch returns an iterator, it is not awaited"  # type: ignore[attr-defined]


def test_an_unknown_option_is_refused_by_name(claimed: Manifest) -> None:
    with pytest.raises(FixConfiguration) as caught:
        claimed.open({"colour_of_the_cable": "red"})
    assert caught.value.code == "driver.option"
    assert caught.value.place == "colour_of_the_cable"


def test_a_wrong_type_is_refused_by_name(claimed: Manifest) -> None:
    for option in claimed.options:
        if option.type not in ("integer", "number", "choice"):
            continue
        minimal = {o.name: "127.0.0.1" for o in claimed.options if o.required and o.type == "string"}
        with pytest.raises(FixConfiguration) as caught:
            claimed.open(minimal | {option.name: "certainly not"})
        assert (caught.value.code, caught.value.place) == ("driver.option", option.name)


def test_the_manifest_is_readable_without_the_driver(claimed: Manifest) -> None:
    script = (
        "import sys; from baigong.drivers.manifest import read_manifest; "
        f"read_manifest({claimed.id!r}, {claimed.package!r}); "
        "sys.exit(any(m in sys.modules for m in "
        f"('pymodbus', 'asyncua', 'gmqtt', {claimed.package + '.driver'!r})))"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=60).returncode == 0


def test_an_unknown_driver_is_a_typed_error() -> None:
    ids = [i for i in BUILT_IN if (FOLDER / i / "driver.toml").exists()]
    if ids != list(BUILT_IN):
        pytest.skip("not every driver is built yet")
    with pytest.raises(FixConfiguration) as caught:
        manifest("teleprinter")
    assert caught.value.code == "driver.unknown"
