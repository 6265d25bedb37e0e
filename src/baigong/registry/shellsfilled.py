"""Submodels that people filled in for an asset: their ids say of which, so the asset's shell has them."""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice, takewhile

from baigong.models.aas.madeids import filled_front
from baigong.registry.shells import SUBMODEL, Shells


def filled_ids(shells: Shells, tenant: str, front: str, asset: str) -> list[str]:
    """Return the ids, sorted. ``front``: of all ids of the company's own shells."""
    begins, ids = filled_front(front, asset), shells.ids(tenant, SUBMODEL)
    return [*takewhile(lambda id: id.startswith(begins), islice(ids, bisect_left(ids, begins), None))]
