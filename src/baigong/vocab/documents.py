"""Documents of assets and types: what a file is, in the classes of VDI 2770 part 1 (and of IDTA 02004)."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from baigong.vocab.errors import FixConfiguration

CLASSES: dict[str, tuple[str, str]] = {  # VDI 2770 part 1, table 1: class id -> English, Chinese
    "01-01": ("Identification", "标识"),
    "02-01": ("Technical specification", "技术规格"),
    "02-02": ("Drawings, plans", "图纸"),
    "02-03": ("Assemblies", "组件"),
    "02-04": ("Certificates, declarations", "证书与声明"),
    "03-01": ("Commissioning, de-commissioning", "安装调试与拆除"),
    "03-02": ("Operation", "操作"),
    "03-03": ("General safety", "安全"),
    "03-04": ("Inspection, maintenance, testing", "检查维护与测试"),
    "03-05": ("Repair", "维修"),
    "03-06": ("Spare parts", "备件"),
    "04-01": ("Contract documents", "合同文件"),
}
MOST = 1 << 30  # bytes of one file
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, without its rarities
_Word = Annotated[str, Meta(max_length=200)]


class DocumentSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What people say of a document. ``kind``: a class of VDI 2770 (``03-02``: operation); empty: nobody said.

    ``language``: BCP 47, like ``zh`` or ``de``; ``version``: the document's own; ``valid_from``: ``2026-11-22``.
    """

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    title_zh: _Word = ""
    kind: str = ""
    language: _Word = ""
    version: _Word = ""
    valid_from: str = ""

    def __post_init__(self) -> None:
        if self.kind and self.kind not in CLASSES:
            raise ValueError(f"kind {self.kind!r} is no class of VDI 2770: {', '.join(CLASSES)}")
        if self.language and not _LANGUAGE.fullmatch(self.language):
            raise ValueError(f"language {self.language!r}: write zh, en, de …")
        if self.valid_from and not _is_day(self.valid_from):
            raise ValueError(f"valid_from {self.valid_from!r}: write 2026-11-22")


def read_document(raw: dict[str, Any]) -> DocumentSpec:
    """Read what a form says; config.invalid names the field that is wrong."""
    try:
        return msgspec.convert(raw, DocumentSpec)
    except (msgspec.ValidationError, ValueError) as error:
        raise FixConfiguration("config.invalid", str(error), place="document") from error


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


# What a file begins with -> what it is. Only these are ever shown in a browser; all else is handed out as a file.
_BEGINS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"AC10", "image/vnd.dwg"),
)
_ZIPS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "aasx": "application/asset-administration-shell-package",
}
_TEXTS = {"csv": "text/csv", "md": "text/markdown", "json": "application/json", "xml": "application/xml"}
SHOWN = ("application/pdf", "image/png", "image/jpeg", "image/gif")
SNIFFED = 512  # bytes that are looked at


def media_of(head: bytes, name: str) -> str:
    """Say what a file is by how it begins; its name only tells one kind of zip or text from another.

    >>> media_of(b"%PDF-1.7 ...", "manual.png"), media_of(b"<svg onload=alert(1)>", "logo.png")
    ('application/pdf', 'text/plain')
    """
    ending = name.rpartition(".")[2].lower()
    for begins, media in _BEGINS:
        if head.startswith(begins):
            return _ZIPS.get(ending, media) if media == "application/zip" else media
    if not head or b"\x00" in head:
        return "application/octet-stream"
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # else a letter is cut in two
            return "application/octet-stream"
    return _TEXTS.get(ending, "text/plain")


def file_name(told: str) -> str:
    r"""Return the bare name of a file as somebody's system told it, without what moves in a header or a folder.

    >>> file_name("C:\\Docs\\a/b\r\nmanual.pdf")
    'bmanual.pdf'
    """
    bare = re.split(r"[/\\]", told)[-1]
    clean = "".join(letter for letter in bare if letter.isprintable() and letter not in '"<>|:*?').strip(" .")
    return clean[-150:] or "file"
