"""Every driver folder tells what it is: id, both languages, a page that names every option, code where claimed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from tools.check.repo import Finding, Repo

RULE = "manifests"
_CHINESE = re.compile(r"[㐀-鿿]")
_ASIDE = {"__pycache__"}
_PAGES_ELSEWHERE = {"frontdoor": "src/baigong/gateway/frontdoor/docs.md"}  # listens in the gateway


def validate(repo: Repo) -> list[Finding]:
    drivers = repo.package / "drivers"
    found = []
    for folder in (
        sorted(p for p in drivers.iterdir() if p.is_dir() and p.name not in _ASIDE) if drivers.is_dir() else []
    ):
        manifest = folder / "driver.toml"
        if not manifest.exists():
            if any(folder.glob("*.py")):
                found.append(Finding(RULE, repo.name(folder), "has no driver.toml"))
            continue
        try:
            told = tomllib.loads(manifest.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            found.append(Finding(RULE, repo.name(manifest), f"is no TOML: {error}"))
            continue
        found += [Finding(RULE, repo.name(manifest), wrong) for wrong in _wrong(repo, folder, told)]
    return found


def _wrong(repo: Repo, folder: Path, told: dict[str, Any]) -> list[str]:
    wrong = []
    if told.get("id") != folder.name:
        wrong.append(f"id {told.get('id')!r} is not the folder's name")
    for field in ("title", "summary", "address_help"):
        wrong += _languages(field, told.get(field), must_be_chinese=field != "title")
    for option in told.get("options", []):
        # a label may be one word in both languages (SSL, Host); a sentence may not
        wrong += _languages(f"option {option.get('name')}", option.get("label"), must_be_chinese=False)
        if "help" in option:
            wrong += _languages(f"help of {option.get('name')}", option["help"], must_be_chinese=True)
    entry = told.get("entry", "")
    if entry and not (folder / f"{entry.partition(':')[0]}.py").exists():
        wrong.append(f"entry {entry!r} leads nowhere")
    page = repo.root / _PAGES_ELSEWHERE.get(folder.name, repo.name(folder / "docs.md"))
    if not page.exists():
        return [*wrong, f"has no page {repo.name(page)}"]
    text = page.read_text("utf-8")
    undocumented = [o["name"] for o in told.get("options", []) if f"`{o['name']}`" not in text]
    if undocumented:
        wrong.append(f"{repo.name(page)} does not name {', '.join(undocumented)}")
    return wrong


def _languages(what: str, words: Any, *, must_be_chinese: bool) -> list[str]:
    if not isinstance(words, dict) or not words.get("en") or not words.get("zh"):
        return [f"{what}: needs en and zh"]
    if _CHINESE.search(words["en"]):
        return [f"{what}: its English is Chinese"]
    if must_be_chinese and not _CHINESE.search(words["zh"]):
        return [f"{what}: its Chinese is not"]
    return []
