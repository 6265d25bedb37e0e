"""Genealogy in Python: what is in a lot, and where one went, as DataFrames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from baigong.client.link import Link

if TYPE_CHECKING:
    import pandas as pd

_MOST = 100_000  # links


class Lots:
    """All lots and serial numbers that production episodes name: ``plant.lots.recall("H13-7").lots``."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def __call__(self, search: str = "", *, material: str = "", limit: int = 1_000) -> list[str]:
        """List lots whose name begins with ``search``, by name."""
        params = {"search": search, "material": material, "limit": limit}
        return list(self._link.json("GET", "/lots", params=params)["lots"])

    def recall(self, lot: str, *, parameters: bool = False) -> Genealogy:
        """Follow a lot forward: everything that was made of it. Raises http.not_found."""
        return self._follow(lot, "forward", parameters)

    def trace(self, lot: str, *, parameters: bool = True) -> Genealogy:
        """Follow a lot back: everything that is in it. Raises http.not_found.

        ``parameters``: what the machines' points said meanwhile, of the fifty nearest steps.
        """
        return self._follow(lot, "back", parameters)

    def _follow(self, lot: str, direction: str, parameters: bool) -> Genealogy:
        asked = {"lot": lot, "direction": direction, "limit": _MOST, "parameters": str(parameters).lower()}
        return Genealogy(self._link.json("GET", "/lots/trace", params=asked))


class Genealogy:
    """What was found. ``whole``: False when there are more than 100,000 links, and not all of them are here."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found
        self.lot, self.whole = str(found["lot"]), bool(found["whole"])

    def __repr__(self) -> str:
        return f"<Genealogy of {self.lot}: {len(self._found['lots'])} lots, {len(self._found['episodes'])} steps>"

    @property
    def lots(self) -> pd.DataFrame:
        """By lot, the nearest first: steps (0: itself), material, quantity, unit, produced_by, consumed_by."""
        names = ["lot", "steps", "material", "quantity", "unit", "produced_by", "consumed_by"]
        return _frame(self._found["lots"], names).set_index("lot")

    @property
    def links(self) -> pd.DataFrame:
        """A row a link: consumed went into produced, in that episode."""
        return _frame(self._found["links"], ["consumed", "produced", "episode"])

    @property
    def steps(self) -> pd.DataFrame:
        """By episode: asset (the machine), kind, title, start and end (UTC), people, tools, unqualified.

        ``unqualified``: of the people, those who had not what the machine asks for, or whom nobody described.
        """
        import pandas as pd

        rows = [
            {**one, "unqualified": sorted({q["person"] for q in one["qualifications"] if q["state"] != "held"})}
            for one in self._found["episodes"]
        ]
        names = ["id", "asset", "kind", "title", "start_us", "end_us", "people", "tools", "unqualified"]
        frame = _frame(rows, names).rename(columns={"start_us": "start", "end_us": "end"})
        for side in ("start", "end"):
            frame[side] = pd.to_datetime(frame[side], unit="us", utc=True)
        return frame.set_index("id")

    @property
    def parameters(self) -> pd.DataFrame:
        """A row a step and point of its machine: episode, point, unit, count, min, mean, max of values not bad."""
        rows = [{"episode": one["id"], **told} for one in self._found["episodes"] for told in one["parameters"]]
        return _frame(rows, ["episode", "point", "unit", "count", "min", "mean", "max"])


def _frame(rows: list[dict[str, Any]], names: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=names)
