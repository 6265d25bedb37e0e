"""The ``mtconnect`` driver at the exam, in front of a small agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subjects import Subject, free_port

from baigong.drivers.mtconnect.sim import Agent

GOOD = {
    "Xact": 12.5,
    "exec": "ACTIVE",
    "program": "0042",
    "parts": 17,
    "path_pos#y": 2.5,
    "vars#R12": 7.25,
    "offsets#G54.X": -1.5,
    "temp": "Fault",
    "temp#message": "too hot & loud",
}


def tell(agent: Agent) -> None:
    agent.set("Xact", "12.5")
    agent.set("exec", "ACTIVE")
    agent.set("program", "0042")
    agent.set("parts", "17")
    agent.set("path_pos", "1.5 2.5 3.5")
    agent.set("vars", content='<Entry key="R12">7.25</Entry>')
    agent.set("offsets", content='<Entry key="G54"><Cell key="X">-1.5</Cell></Entry>')
    agent.set("temp", "too hot & loud", level="Fault", nativeCode="T42")


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    async with Agent() as agent:
        tell(agent)

        async def stir() -> None:
            tell(agent)

        yield Subject(
            driver="mtconnect",
            options={"url": agent.url, "interval_ms": 10, "timeout_s": 1.0},
            good=GOOD,
            unknown="Zact",
            kill=agent.stop,
            restart=agent.start,
            dead={"url": f"http://127.0.0.1:{free_port()}"},
            stir=stir,
            at=lambda port: {"url": f"http://127.0.0.1:{port}"},
        )
