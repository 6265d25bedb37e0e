"""The repository keeps its own rules, and each rule notices when it is broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tools.check import Repo, bans, codes, examples, handlers, imports, manifests, places, reference, sizes, wire
from tools.check.__main__ import RULES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.RULE)
def test_the_repository_keeps(rule: ModuleType) -> None:
    assert [str(found) for found in rule.validate(Repo(ROOT))] == []


def test_the_command_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.check", "sizes"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_every_rule_is_asked() -> None:
    """A rule that is written and forgotten would guard nothing."""
    written = {p.stem for p in (ROOT / "tools" / "check").glob("*.py") if "def validate(" in p.read_text()}
    assert written == {rule.__name__.rpartition(".")[2] for rule in RULES}


def made(root: Path, files: dict[str, str]) -> Repo:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Repo(root)


ERRORS = """
[bus]
down = { kind = "RetryLater", status = 503, title_zh = "中断", advice = "Wait.", advice_zh = "请稍候。" }
"""


@pytest.mark.parametrize(
    ("importer", "statement", "wrong"),
    [
        ("bus/a.py", "import baigong.vocab.words", ""),
        ("bus/a.py", "from baigong.vocab import words", ""),
        ("bus/a.py", "from baigong import __version__", ""),
        ("vocab/a.py", "from baigong.bus import nats", "vocab (level 0) imports bus (level 1)"),
        ("bus/a.py", "from baigong.stores.lake import x", "bus (level 1) imports stores (level 1)"),
        ("gateway/a.py", "def f():\n    import baigong.api.app", "gateway (level 3) imports api (level 5)"),
        ("bus/a.py", "from ..registry import book", "bus (level 1) imports registry (level 2)"),
        ("cellar/a.py", "import os", "package 'cellar' has no level"),
        ("bus/utils.py", "import os", "'utils' names nothing"),
        ("gateway/manager/__init__.py", "", "'manager' names nothing"),
    ],
)
def test_imports(tmp_path: Path, importer: str, statement: str, wrong: str) -> None:
    repo = made(tmp_path, {f"src/baigong/{importer}": statement, "src/baigong/vocab/words.py": ""})
    found = [f.message for f in imports.validate(repo)]
    assert found == ([wrong] if wrong else [])


def test_a_cycle_is_found_and_shown(tmp_path: Path) -> None:
    files = {
        "src/baigong/bus/__init__.py": "",
        "src/baigong/bus/a.py": "from baigong.bus.b import f",
        "src/baigong/bus/b.py": "from baigong.bus import c",
        "src/baigong/bus/c.py": "import baigong.bus.a",
    }
    found = imports.validate(made(tmp_path, files))
    assert len(found) == 1
    assert all(f"baigong.bus.{name}" in found[0].message for name in "abc")


def test_an_import_when_it_is_needed_makes_no_cycle(tmp_path: Path) -> None:
    files = {
        "src/baigong/bus/a.py": "from baigong.bus import b",
        "src/baigong/bus/b.py": "def f():\n    from baigong.bus import a",
    }
    assert imports.validate(made(tmp_path, files)) == []


def test_importing_the_gateway_brings_nothing_heavy() -> None:
    heavy = ("duckdb", "deltalake", "polars", "starlette", "sqlalchemy", "fastapi", "pandas")
    script = f"import sys, baigong.gateway; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("src/baigong/bus/a.py", "x = 1\n" * 401, "401 lines, more than 400"),
        ("src/baigong/bus/a.py", "x = 1\n" * 400, ""),
        ("ui/src/pages/A.tsx", "x\n" * 251, "251 lines, more than 250"),
        ("ui/src/wire/openapi.ts", "x\n" * 9000, ""),
        ("src/baigong/bus/__init__.py", '"""Doc."""\nfrom a import b\n__all__ = ["b"]\n', ""),
        ("src/baigong/bus/__init__.py", "started = print()\n", "__init__ holds more than imports and __all__"),
    ],
)
def test_sizes(tmp_path: Path, name: str, text: str, wrong: str) -> None:
    assert [f.message for f in sizes.validate(made(tmp_path, {name: text}))] == ([wrong] if wrong else [])


GOOD_DRIVER = """
id = "radio"
entry = "driver:Radio"
title = { en = "Radio", zh = "无线电" }
summary = { en = "By air.", zh = "无线传输。" }
address_help = { en = "a channel", zh = "频道" }
[[options]]
name = "channel"
label = { en = "Channel", zh = "频道" }
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("", "", ""),
        ('id = "radio"', 'id = "tv"', "id 'tv' is not the folder's name"),
        ("无线传输。", "By air", "summary: its Chinese is not"),
        ("By air.", "无线", "summary: its English is Chinese"),
        ('{ en = "Channel", zh = "频道" }', '{ en = "Channel" }', "option channel: needs en and zh"),
        ("driver:Radio", "antenna:Radio", "entry 'antenna:Radio' leads nowhere"),
        ('name = "channel"', 'name = "volume"', "does not name volume"),
        ('id = "radio"', "id = radio", "is no TOML"),
    ],
)
def test_manifests(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    folder = "src/baigong/drivers/radio"
    files = {"driver.toml": GOOD_DRIVER.replace(old, new), "driver.py": "", "docs.md": "Set `channel`."}
    found = manifests.validate(made(tmp_path, {f"{folder}/{name}": text for name, text in files.items()}))
    assert len(found) == bool(wrong)
    assert not wrong or wrong in found[0].message


def test_a_driver_needs_a_manifest_and_a_page(tmp_path: Path) -> None:
    repo = made(tmp_path, {"src/baigong/drivers/tv/driver.py": "", "src/baigong/drivers/radio/driver.py": ""})
    (repo.package / "drivers" / "radio" / "driver.toml").write_text(GOOD_DRIVER, "utf-8")
    assert [f.message for f in manifests.validate(repo)] == [
        "has no page src/baigong/drivers/radio/docs.md",
        "has no driver.toml",
    ]


@pytest.mark.parametrize(
    ("table", "source", "wrong"),
    [
        (ERRORS, "raise RetryLater('bus.down', 'x')", ""),
        (ERRORS, "raise RetryLater('bus.down', 'x')\nraise RetryLater('bus.up', 'x')", "does not stand in errors.toml"),
        (ERRORS, "raise errors.ReportBug('bus.down', 'x')", "is a RetryLater, not a ReportBug"),
        (ERRORS, "", "bus.down is never raised"),
        (ERRORS.replace("请稍候。", "Wait."), "code = 'bus.down'", "needs advice_zh in Chinese"),
        (ERRORS.replace("中断", "down"), "code = 'bus.down'", "needs title_zh in Chinese"),
        (ERRORS.replace('"Wait."', '""'), "code = 'bus.down'", "needs advice in English"),
        (ERRORS.replace("RetryLater", "Whatever"), "code = 'bus.down'", "kind 'Whatever' is none of"),
    ],
)
def test_codes(tmp_path: Path, table: str, source: str, wrong: str) -> None:
    repo = made(tmp_path, {"src/baigong/vocab/errors.toml": table, "src/baigong/bus/a.py": source})
    found = [f.message for f in codes.validate(repo)]
    assert len(found) == bool(wrong)
    assert not wrong or wrong in found[0]


@pytest.mark.parametrize(
    ("name", "handler", "wrong"),
    [
        ("bus/a.py", "except ValueError:\n    pass", ""),
        ("bus/a.py", "except Exception:\n    pass", "swallows it"),
        ("bus/a.py", "except (OSError, Exception):\n    pass", "swallows it"),
        ("bus/a.py", "except:\n    pass", "swallows it"),
        ("bus/a.py", "except BaseException:\n    close()\n    raise", ""),
        ("bus/a.py", "except Exception as e:\n    raise X() from e", ""),
        ("gateway/supervisor.py", "except Exception:\n    pass", "does not say why"),
        ("gateway/supervisor.py", "except Exception:  # a driver may raise anything\n    pass", ""),
    ],
)
def test_handlers(tmp_path: Path, name: str, handler: str, wrong: str) -> None:
    found = handlers.validate(made(tmp_path, {f"src/baigong/{name}": f"try:\n    x()\n{handler}\n"}))
    assert len(found) == bool(wrong)
    assert not wrong or wrong in found[0].message


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("from deltalake import DeltaTable", ""),
        ("from deltalake import write_deltalake", "writes by path"),
        ("import deltalake\ndeltalake.write_deltalake('x', t)", "writes by path"),
        ("# deltalake\nself._delta.optimize.compact()", "optimize.compact rewrites rows"),
        ("# deltalake\ntable.optimize.z_order(['a'])", "optimize.z_order rewrites rows"),
        ("# delta\nhandle.create_write_transaction([])", "only src/baigong/stores/lake/table.py commits"),
    ],
)
def test_bans(tmp_path: Path, source: str, wrong: str) -> None:
    found = bans.validate(made(tmp_path, {"src/baigong/historian/a.py": source}))
    assert len(found) == bool(wrong)
    assert not wrong or wrong in found[0].message


HOME = "/ro" + "ot"
MIRROR = "art" + "ifactory"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("see docs/tutorials/first-value.md and /api/v1/devices", ""),
        (f"cd {HOME}/project", "names a folder of one machine"),
        ("x = '/ho" + "me/wang/baigong/x.py'", "names a folder of one machine"),
        (f"index-url = https://{MIRROR}.example.com/simple", "names a mirror"),
        ("https://10." + "1.2.3:8081/npm/", "names a mirror"),
        ("~/work/x, ${HOME}/work/y, <home>/work/z, a/tmp/b", ""),
    ],
)
def test_places(tmp_path: Path, text: str, wrong: str) -> None:
    found = places.validate(made(tmp_path, {"notes.md": text}))
    assert len(found) == bool(wrong)
    assert not wrong or wrong in found[0].message


def test_a_lock_names_the_public_registry(tmp_path: Path) -> None:
    lock = '{"resolved": "https://%s/a.tgz"}'
    assert places.validate(made(tmp_path, {"package-lock.json": lock % "registry.npmjs.org"})) == []
    found = places.validate(made(tmp_path, {"package-lock.json": lock % "npm.example.cn"}))
    assert [f.message for f in found] == ["is locked to the host npm.example.cn"]


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        ("```bash run\nls\n```", ""),
        ("```bash\nls\n```", "neither run nor skip"),
        ("```python skip=\nx\n```", "does not say why"),
        ("```bash run runn\nls\n```", "unknown mark 'runn'"),
        ("```bash run\nbaigong device list --data x\n```", ""),
        ("```bash run\nbaigong device dance\n```", "there is no command: baigong device dance"),
        ("```bash run\nbaigong query --loud 'select 1'\n```", "baigong query has no option --loud"),
        ("```yaml\ndevice: a\ndriver: modbus\noptions: {host: a}\n```", ""),
        ("```yaml\ndevice: a\ndriver: modbus\noptions: {hots: a}\n```", "modbus has no option hots"),
        ("```yaml\ndevice: a\ndriver: telex\n```", "no such device can be"),
        ("see [that](that.md)", "links to that.md, which is not there"),
        ("see [this](page.md#part), [there](https://example.com/x), [below](#below)", ""),
    ],
)
def test_examples(tmp_path: Path, page: str, wrong: str) -> None:
    found = examples.validate(made(tmp_path, {"docs/page.md": page}))
    assert len(found) == bool(wrong), found
    assert not wrong or wrong in found[0].message


def test_generated_pages_and_documents_are_compared(tmp_path: Path) -> None:
    repo = made(tmp_path, {"docs/a.md": "", "ui/src/wire/api.ts": "", "src/baigong/vocab/errors.toml": ERRORS})
    assert len(reference.validate(repo)) == 2
    assert len(wire.validate(repo)) == 1
    assert len([*reference.generate(repo), *wire.generate(repo)]) == 3
    assert [*reference.validate(repo), *wire.validate(repo)] == []
    assert [*reference.generate(repo), *wire.generate(repo)] == []


def test_the_typescript_follows_from_the_document() -> None:
    node = wire.node_program()
    if not node or not (ROOT / "ui" / "node_modules" / "openapi-typescript").exists():
        pytest.skip("the console's tools are not installed: make console")
    done = wire.translate(Repo(ROOT), node, "--check")
    assert done.returncode == 0, done.stderr
