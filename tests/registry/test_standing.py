"""Whose sign-in is good no more: a gateway is told of those of companies that it serves, and of no others."""

from __future__ import annotations

from baigong.registry.standing import Standing, WantRevoked


def test_a_gateway_hears_of_whom_it_serves() -> None:
    standing = Standing()
    for tenant, name in (("moulds", "press1"), ("castings", "oven"), ("moulds", "press2")):
        standing.note(tenant, "user", name)
    asked = WantRevoked(run=standing.run, since=1)
    mine = standing.since(asked, lambda tenant: tenant == "moulds")
    assert (mine["revision"], mine["all"], mine["revoked"]) == (3, False, [("user", "press2")])
    assert standing.since(asked, lambda _: True)["revoked"] == [("user", "oven"), ("user", "press2")]
    assert standing.since(WantRevoked(run="another"), lambda _: True)["all"], "what it knows is of another run"
