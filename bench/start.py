"""Row 6: how soon ``baigong up`` is ready, and what all its processes hold in memory when idle."""

from __future__ import annotations

import time
from pathlib import Path

from bench.processes import Baigong
from bench.report import Line, median, ms, spread
from bench.wire import Http

GATE_S, AIM_S, GATE_MB, AIM_MB = 5.0, 2.0, 500, 300


def _until_all_ready(server: Baigong, began: float) -> float:
    """Wait for the gateway's front door too, which starts after the API."""
    import socket

    while True:
        try:
            socket.create_connection(("127.0.0.1", server.mqtt_port), 1).close()
            return time.monotonic() - began
        except OSError:
            time.sleep(0.01)


def rows(folder: Path, rounds: int = 5, idle_s: float = 10.0) -> list[Line]:
    api, everything, memory = [], [], {}
    for turn in range(rounds):
        began = time.monotonic()
        with Baigong(folder / ("data" if turn else "fresh")) as server:  # a new folder once, then one that exists
            api.append(server.ready_s)
            everything.append(_until_all_ready(server, began))
            if turn == rounds - 1:
                http: Http = server.http()
                http.json("/api/v1/sql", {"sql": "select 1"})  # its SQL child is there, as in use
                time.sleep(idle_s)
                memory = server.memory()
    uss, pss = (memory[k] / 1e6 for k in ("uss", "pss"))
    return [
        Line(
            6,
            "`baigong up` until API and MQTT answer",
            f"{spread(everything)}; API alone {ms(median(api))}",
            gate="5 s",
            aim="2 s",
            passed=median(everything) <= GATE_S,
        ),
        Line(
            6,
            "memory of all its processes, idle, one SQL query answered",
            f"PSS {pss:.0f} MB, USS {uss:.0f} MB",
            gate="500 MB",
            aim="300 MB",
            passed=pss <= GATE_MB,
        ),
    ]


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    return rows(folder)
