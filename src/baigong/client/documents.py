"""Documents of assets and types in Python: found, handed in, saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from baigong.client.link import Link
from baigong.vocab.errors import FixConfiguration

_PIECE = 1 << 20


class Document:
    """A manual, a drawing, a certificate. ``facts``: title, kind (VDI 2770), language, version, file, sha256, …"""

    def __init__(self, link: Link, facts: Mapping[str, Any]) -> None:
        self._link = link
        self.facts = facts

    def __repr__(self) -> str:
        return f"<Document {self.id} {self.title}>"

    @property
    def id(self) -> str:
        return str(self.facts["id"])

    @property
    def title(self) -> str:
        return str(self.facts["title"] or self.facts["title_zh"])

    def pieces(self) -> Iterator[bytes]:
        """Read the content piece by piece."""
        return self._link.stream(f"/documents/{self.id}/content")

    def content(self) -> bytes:
        return b"".join(self.pieces())

    def save(self, to: str | Path) -> Path:
        """Write the content to a file; in a folder, under the document's own name. What is there stays.

        Raises config.conflict.
        """
        path = Path(to)
        path = path / self.facts["file"] if path.is_dir() else path
        if path.exists():
            raise FixConfiguration("config.conflict", "there is something already", place=str(path))
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("wb") as sink:
                for piece in self.pieces():
                    sink.write(piece)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def retire(self, *, delete_content: bool = False) -> None:
        """Take it out of the lists; ``delete_content``: for good."""
        params = {"content": "delete"} if delete_content else None
        self.facts = self._link.json("DELETE", f"/documents/{self.id}", params=params)


def find_documents(link: Link, **which: str) -> list[Document]:
    """``which``: asset, type, search, kind, retired ("true"); see ``GET /documents``."""
    found = link.json("GET", "/documents", params=which | {"limit": 10_000})["documents"]
    return [Document(link, facts) for facts in found]


def add_document(link: Link, path: str | Path, **told: str) -> Document:
    """Hand a file in. ``told``: asset or type, and title, title_zh, kind, language, version, valid_from, replaces."""
    path = Path(path)
    with path.open("rb") as file:
        pieces = iter(lambda: file.read(_PIECE), b"")
        made = link.send(
            "/documents", pieces, "application/octet-stream", params={"file": told.pop("file", path.name), **told}
        )
    return Document(link, made)
