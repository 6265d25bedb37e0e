"""Tasks in Python: what is to be done, made, worked on; as a DataFrame or one by one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baigong.client.link import Link

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("number", "asset", "title", "kind", "state", "assignee", "due", "late", "hours", "cause", "id")
_MEDIA = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


class Tasks:
    """All tasks: ``plant.tasks(state="late")``, ``plant.tasks.add("pump1", "Look after the seal")``."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def __call__(self, *, state: str = "open", asset: str = "", assignee: str = "", limit: int = 1_000) -> pd.DataFrame:
        """Return a row a task, due first, first: number, asset, title, state, assignee, due (UTC), late, hours, id.

        ``state``: open (whatever is still to be done), late, one of the states, or "" for all.
        """
        import pandas as pd

        params = {"state": state, "asset": asset, "assignee": assignee, "limit": limit}
        found = self._link.json("GET", "/tasks", params=params)["tasks"]
        frame = pd.DataFrame([_row(one) for one in found], columns=list(_COLUMNS))
        frame["due"] = pd.to_datetime(frame["due"], unit="us", utc=True)
        return frame

    def add(self, asset: str, title: str, **told: Any) -> Task:
        """Make a task. ``told``: kind, text, priority, assignee, role, due_us, origin, origin_ref, checklist, id.

        With an ``id`` of one's own, sending it again makes no second task. Raises task.already.
        """
        return Task(self._link, self._link.json("POST", "/tasks", body={"asset": asset, "title": title, **told}))

    def get(self, id: str) -> Task:
        """Return one. Raises http.not_found."""
        return Task(self._link, self._link.json("GET", f"/tasks/{id}"))


class Task:
    """One task. ``facts``: as the server tells it: state, spec, progress, next, missing, steps."""

    def __init__(self, link: Link, facts: Mapping[str, Any]) -> None:
        self._link = link
        self.facts = facts

    def __repr__(self) -> str:
        return f"<Task #{self.facts['number']} {self.facts['spec']['title']}: {self.facts['state']}>"

    @property
    def id(self) -> str:
        return str(self.facts["id"])

    @property
    def state(self) -> str:
        return str(self.facts["state"])

    def change(self, to: str | None = None, results: Mapping[str, Any] | None = None, **told: Any) -> Task:
        """Do something to it; returns it as it is then. ``results``: of lines of the checklist.

        ``told``: cause, hours, outcome, comment, assignee, role, due_us, priority, at_us, id.
        Raises task.state, task.incomplete, task.second_person, auth.denied.
        """
        body: dict[str, Any] = {"id": secrets.token_hex(8), **told} | ({"to": to} if to else {})
        if results:
            body["results"] = [{"item": item, "value": value} for item, value in results.items()]
        return Task(self._link, self._link.json("POST", f"/tasks/{self.id}/changes", body=body))

    def add_photo(self, path: str | Path) -> Task:
        """Add a picture (JPEG or PNG); what it says of the phone that took it is left out."""
        path = Path(path)
        params = {"change": secrets.token_hex(8)}
        media = _MEDIA.get(path.suffix.lower(), "image/jpeg")
        return Task(self._link, self._link.send(f"/tasks/{self.id}/photos", path.read_bytes(), media, params=params))


def _row(one: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what ``_COLUMNS`` names."""
    spec, done = one["spec"], one["progress"]
    return (
        one["number"], spec["asset"], spec["title"], spec["kind"], one["state"], spec["assignee"], spec["due_us"],
        one["late"], sum(done["hours"].values()), done["cause"], one["id"],
    )  # fmt: skip
