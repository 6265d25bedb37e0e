"""Nothing in a file says on which machine, or against which mirror, it was made."""

from __future__ import annotations

import re

from tools.check.repo import Finding, Repo

RULE = "places"
_LOCKS = re.compile(r"(package-lock\.json|\.lock)$")
_BINARY = {".png", ".jpg", ".ico", ".woff2", ".parquet", ".arrow", ".der", ".pcap", ".zip", ".xlsx"}
_LARGEST = 4_000_000
# Put together here so that this file does not hold them.
_HOMES = "|".join(["root", "home/[a-z][a-z0-9_-]+", "Users/[A-Za-z]+", "work", "tmp/[a-z0-9_.-]+", "mnt", "workspace"])
_FOLDER = re.compile(rf"(?<![\w./~${{}}<>*-])/(?:{_HOMES})/[\w.-]+")
_MIRRORS = ["artifactory", "nexus", "pypi-proxy", "npm-proxy", "devpi", "verdaccio", "registry[.-]mirror", "goproxy"]
_HOST = re.compile(rf"https?://[\w.-]*(?:{'|'.join(_MIRRORS)})[\w.-]*", re.IGNORECASE)
_PRIVATE = re.compile(r"https?://(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d+){2,3}[:/]\S*(?:simple|npm|pypi)")
_PUBLIC = {"registry.npmjs.org"}
_RESOLVED = re.compile(r"\"resolved\": \"https?://([^/\"]+)/")


def validate(repo: Repo) -> list[Finding]:
    found = []
    for path in repo.files:
        if path.suffix in _BINARY or path.stat().st_size > _LARGEST:
            continue
        text = path.read_text("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            for told in _in(line):
                found.append(Finding(RULE, repo.name(path, number), told))
        if _LOCKS.search(path.name):
            foreign = sorted(set(_RESOLVED.findall(text)) - _PUBLIC)
            found += [Finding(RULE, repo.name(path), f"is locked to the host {host}") for host in foreign]
    return found


def _in(line: str) -> list[str]:
    told = []
    if "/" in line:
        folder = _FOLDER.search(line)
        if folder:
            told.append(f"names a folder of one machine: {folder[0]}")
        if _HOST.search(line) or _PRIVATE.search(line):
            told.append("names a mirror of one network")
    return told
