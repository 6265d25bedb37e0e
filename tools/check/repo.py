"""What every rule looks at: the files of the repository, and how a finding is written."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_NEVER = {".git", ".venv", "node_modules", "__pycache__", "dist", "build"}


@dataclass(slots=True, frozen=True, order=True)
class Finding:
    """One thing that breaks a rule. ``place``: path below the repository, and a line where there is one."""

    rule: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message} [{self.rule}]"


class Repo:
    """A checkout. Files git ignores are not there; without git, every file is."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.package = root / "src" / "baigong"

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """All files, sorted: tracked, and new ones that are not ignored."""
        if not (self.root / ".git").exists():
            found = [p for p in self.root.rglob("*") if not _NEVER & set(p.relative_to(self.root).parts)]
        else:
            listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            told = subprocess.run(listed, cwd=self.root, capture_output=True, check=True).stdout.decode()
            found = [self.root / name for name in told.split("\0") if name]
        return tuple(sorted(p for p in found if p.is_file()))

    def under(self, folder: str, *suffixes: str) -> Iterator[Path]:
        """Yield the files of a folder that end with one of ``suffixes``."""
        top = self.root / folder
        yield from (p for p in self.files if p.is_relative_to(top) and (not suffixes or p.suffix in suffixes))

    def name(self, path: Path, line: int = 0) -> str:
        """Write a place: the path below the root, and the line."""
        inside = path.relative_to(self.root).as_posix()
        return f"{inside}:{line}" if line else inside

    def tree(self, path: Path) -> ast.Module:
        """Parse a Python file."""
        return ast.parse(path.read_text("utf-8"), str(path))
