"""The repository's own rules, each a small module with ``validate(repo) -> list[Finding]``."""

from tools.check.repo import Finding, Repo

__all__ = ["Finding", "Repo"]
