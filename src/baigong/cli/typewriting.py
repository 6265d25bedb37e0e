"""Writing a type's next version, with what it breaks said first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from baigong.cli import show
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    from baigong.client.link import Link

_TOLD = 50  # lines of what breaks


def type_path(name: str) -> str:
    return f"/types/{quote(name, safe='')}"


def write_type(
    link: Link,
    file: Path,
    name: str,
    text: str,
    *,
    check: bool,
    confirm: int,
    quiet: bool = False,
    hint: str = "",
    **more: Any,
) -> tuple[dict[str, Any], int]:
    """Write a type, unless ``check`` or unless it breaks more assets than ``confirm``.

    ``file``: where it comes from. ``quiet``: do not print what it breaks. ``hint``: see ``show_gaps``. ``more``: fields
    of TypeChange. Returns TypeChanged, and the version there was before. Raises config.conflict.
    """
    told: dict[str, Any] = link.json("PUT", type_path(name), body={"text": text, "check": True, **more})
    if told["broken"] and not quiet:
        show.tell(f"{told['broken']:,} assets would no longer be what the type says:")
        show_gaps(told["breaks"], hint)
    before = told["version"]
    if check:
        return told, before
    if told["broken"] > confirm:
        raise FixConfiguration(
            "config.conflict",
            f"nothing was written: {told['broken']} assets would no longer be what {name} says; "
            f"to write it all the same, add --confirm {told['broken']}",
            place=f"{file}",
        )
    return link.json("PUT", type_path(name), body={"text": text, "confirm": confirm, **more}), before


def show_gaps(found: Sequence[Mapping[str, Any]], hint: str = "") -> None:
    """Print in what assets are not what their type says. ``hint``: where those are that are not printed."""
    if found:
        show.table(("asset", "what", "why"), [(gap["asset"], gap["what"], gap["message"]) for gap in found[:_TOLD]])
    if len(found) > _TOLD:
        show.tell(f"{len(found) - _TOLD:,} more{hint}")
