"""What assets have to do with each other beside being parts: who feeds whom, which mould a press uses, who runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from baigong.vocab.devices import NAME_STEP

LONGEST_KIND = 60  # letters of a relation's name


class RelationWords(NamedTuple):
    """How a relation is said from the asset that has it, and from the other one."""

    said: str
    inverse: str
    said_zh: str
    inverse_zh: str


RELATIONS: Mapping[str, RelationWords] = {
    "feeds": RelationWords("feeds", "is fed by", "供给", "供自"),
    "uses": RelationWords("uses", "is used by", "使用", "用于"),
    "operated_by": RelationWords("is operated by", "operates", "操作者为", "操作"),
    "made_of": RelationWords("is made of", "is what is made into", "用料为", "制成"),
    "spare_of": RelationWords("is a spare of", "has the spare", "备用于", "备件为"),
    "controlled_by": RelationWords("is controlled by", "controls", "受控于", "控制"),
    "measured_by": RelationWords("is measured by", "measures", "测量者为", "测量"),
}


def relation_words(kind: str) -> RelationWords:
    """Return how a relation is said; one of somebody's own is said by its name.

    >>> relation_words("feeds").inverse, relation_words("lubricates").inverse
    ('is fed by', 'lubricates (the other way)')
    """
    own = kind.replace("_", " ")
    return RELATIONS.get(kind) or RelationWords(own, f"{own} (the other way)", own, f"{own}(反向)")


def is_relation(kind: str) -> bool:
    """Say whether this may name a relation: a name like an asset's, without dots."""
    return len(kind) <= LONGEST_KIND and "." not in kind and NAME_STEP.fullmatch(kind) is not None


def tidy(relations: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the same in order, each once, without relations to nothing.

    >>> tidy({"uses": ["m2", "m1", "m2"], "feeds": []})
    {'uses': ['m1', 'm2']}
    """
    return {kind: sorted(set(others)) for kind, others in sorted(relations.items()) if others}
