"""Asset types of files on the command line: what they would be, without any platform."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.cli.conftest import Run

FILLER = Path(__file__).parents[1] / "models" / "filler.NodeSet2.xml"
MODEL = {"properties": [{"identifier": "a", "dataType": {"type": "int", "specs": {"step": "2"}}}]}


def test_one_type_comes_with_what_it_extends(run: Run) -> None:
    told = run("type", "import", FILLER, "--only", "FillerType", "--text")
    assert told.code == 0, told.err
    assert [one["type"] for one in yaml.safe_load_all(told.out)] == ["Filling-MachineType", "Filling-FillerType"]
    assert "1 × a method (Filling-FillerType:Start)" in told.err
    missed = run("type", "import", FILLER, "--only", "FilerType", "--text")
    assert (missed.code, "perhaps Filling-FillerType" in missed.err) == (2, True)


def test_a_nodeset_finds_what_it_builds_on_beside_it(run: Run, tmp_path: Path) -> None:
    own = FILLER.read_text("utf-8").replace("http://example.org/UA/Filling/", "urn:vendor:line")
    own = own.replace('ModelUri="http://opcfoundation.org/UA/"', 'ModelUri="http://example.org/UA/Filling/"')
    own = own.replace("</NamespaceUris>", "<Uri>http://example.org/UA/Filling/</Uri></NamespaceUris>")
    own = own.replace('IsForward="false">ns=1;i=1000<', 'IsForward="false">ns=2;i=1001<')
    file = tmp_path / "line.xml"
    file.write_text(own, "utf-8")
    alone = run("type", "import", file, "--text")
    assert (alone.code, "builds on http://example.org/UA/Filling/" in alone.err) == (2, True)
    (tmp_path / "other.XML").write_bytes(FILLER.read_bytes())
    told = run("type", "import", file, "--only", "vendor-line-FillerType", "--text")
    assert told.code == 0, told.err
    chain = [one["type"] for one in yaml.safe_load_all(told.out)]
    assert chain[:2] == ["Filling-MachineType", "Filling-FillerType"]


def test_a_model_is_called_as_its_file_or_as_one_says(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "pump.tsl.json"
    file.write_text(json.dumps(MODEL), "utf-8")
    told = run("type", "import", file, "--text", "--lost")
    assert (yaml.safe_load(told.out)["type"], "pump: a: its step" in told.err) == ("pump", True)
    assert yaml.safe_load(run("type", "import", file, "--text", "--name", "dose").out)["type"] == "dose"
    empty = tmp_path / "empty.json"
    empty.write_text("{}", "utf-8")
    assert "empty.json" in run("type", "import", empty, "--text").err
