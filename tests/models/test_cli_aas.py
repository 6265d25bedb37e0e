"""``baigong aas``: checks, shows and converts files, without any platform."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from baigong.cli.aas import add
from baigong.models.aas import read
from baigong.vocab.errors import BaigongError
from tests.models.samples import environment, package, property_, submodel, zipped

app = typer.Typer()
add(app)
run = CliRunner().invoke


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    twice = environment(submodel(property_("Speed", "fast", valueType="xs:int"), property_("Speed")))
    (tmp_path / "good.aasx").write_bytes(zipped(package()))
    (tmp_path / "bad.json").write_text(json.dumps(twice))
    (tmp_path / "none.json").write_text("[]")
    return tmp_path


def test_check_names_rule_place_and_advice(files: Path) -> None:
    told = run(app, ["aas", "check", "good.aasx", "bad.json", "none.json"])
    assert told.exit_code == 2
    assert "good.aasx: 0 errors, 0 warnings" in told.output
    assert "bad.json: 2 errors" in told.output
    assert "AASd-022" in told.output
    assert "Nameplate: Speed" in told.output
    assert "none.json: aas.unreadable" in told.output
    assert run(app, ["aas", "check", "good.aasx"]).exit_code == 0


def test_check_speaks_chinese(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    told = run(app, ["aas", "check", "bad.json", "none.json"])
    assert "2 个错误" in told.output
    assert "同一层的元素请使用不同的 idShort" in told.output
    assert "请提供 UTF-8 编码的 JSON" in told.output


def test_check_for_programs(files: Path) -> None:
    told = json.loads(run(app, ["aas", "check", "--json", "bad.json", "none.json"]).output)
    assert [one["accepted"] for one in told] == [False, False]
    assert {one["code"] for one in told[0]["findings"]} == {"value", "AASd-022"}
    assert told[1]["error"]["code"] == "aas.unreadable"


def test_convert_refuses_what_breaks_rules_and_writes_nothing(files: Path) -> None:
    told = run(app, ["aas", "convert", "bad.json", "out.xml"])
    assert isinstance(told.exception, BaigongError)
    assert told.exception.code == "aas.invalid"
    assert told.exception.fields["count"] == 2
    assert not (files / "out.xml").exists()
    assert run(app, ["aas", "convert", "bad.json", "out.xml", "--tolerate"]).exit_code == 0
    assert read(files / "out.xml").environment == read(files / "bad.json").environment


def test_convert_says_what_a_form_cannot_hold(files: Path) -> None:
    told = run(app, ["aas", "convert", "good.aasx", "out.json", "--as", "3.0"])
    assert told.exit_code == 0
    assert "1 left out" in told.output
    assert read(files / "out.json").environment == read(files / "good.aasx").environment


def test_convert_to_an_unknown_ending_is_told(files: Path) -> None:
    told = run(app, ["aas", "convert", "good.aasx", "out.rdf"])
    assert isinstance(told.exception, BaigongError)
    assert told.exception.code == "aas.unreadable"


def test_show_is_a_tree_and_the_files_beside_it(files: Path) -> None:
    told = run(app, ["aas", "show", "good.aasx"]).output
    assert "urn:sm:1" in told
    assert "/aasx/files/manual.pdf" in told
    assert json.loads(run(app, ["aas", "show", "--json", "bad.json"]).output)["submodels"][0]["id"] == "urn:sm:1"


def test_a_strangers_file_does_not_steer_the_terminal(files: Path) -> None:
    evil = environment(submodel(property_("Sp\x1b[2Jeed", "a\x1b]0;b\x07")))
    (files / "evil.json").write_text(json.dumps(evil))
    for command in ("show", "check"):
        told = run(app, ["aas", command, "evil.json"]).output
        assert "Sp\ufffd[2Jeed" in told
        assert "\x1b" not in told


def test_what_3_0_cannot_hold_at_all_is_refused(files: Path) -> None:
    (files / "long.json").write_text(json.dumps(environment(submodel(id="urn:" + "x" * 2_040))))
    assert run(app, ["aas", "convert", "long.json", "out.xml"]).exit_code == 0
    told = run(app, ["aas", "convert", "long.json", "older.xml", "--as", "3.0"])
    assert isinstance(told.exception, BaigongError)
    assert "2000" in told.exception.message
    assert not (files / "older.xml").exists()
