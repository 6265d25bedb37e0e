"""What an asset's own properties answer of a template's form, by what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from baigong.models.aas.madefacts import bare
from baigong.models.aas.templates import Field
from baigong.models.chinese import is_chinese

Known = Mapping[str, str | Mapping[str, str]]  # by bare semantic id: a text, or texts by language


def prefilled(fields: Iterable[Field], known: Known) -> dict[str, Any]:
    """Return the answers; of what stands there several times or is named by its author nothing is known."""
    found: dict[str, Any] = {}
    for one in fields:
        if one.most != 1 or one.is_named:
            continue
        answer = prefilled(one.fields, known) if one.kind == "SubmodelElementCollection" else _answer(one, known)
        if answer:
            found[one.id_short] = answer
    return found


def _answer(one: Field, known: Known) -> Any:
    told = known.get(bare(one.semantic)) if one.semantic else None
    if not told or one.kind not in ("Property", "MultiLanguageProperty"):
        return one.default
    if one.kind == "Property":
        return told if isinstance(told, str) else next(iter(told.values()))
    return {"zh" if is_chinese(told) else "en": told} if isinstance(told, str) else dict(told)
