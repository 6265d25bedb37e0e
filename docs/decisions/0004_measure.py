"""Measures what a web framework costs: import, and CPU per request without a network. See 0004-web-framework.md.

Run each in a process of its own: ``python docs/decisions/0004_measure.py fastapi`` (or ``starlette``).
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

FIELDS = ("number", "name", "asset", "quantity", "title", "unit", "kind", "device", "address")
ROWS = [{name: f"{name}{i}" for name in FIELDS} | {"value": 1.5 * i} for i in range(100)]
ROUNDS = 1500


def with_fastapi() -> Any:
    from fastapi import FastAPI
    from pydantic import create_model

    point = create_model("Point", **{name: (str, ...) for name in FIELDS}, value=(float | None, ...))
    answer = create_model("Answer", total=(int, ...), points=(list[point], ...))
    app = FastAPI()

    @app.get("/points", response_model=answer)
    async def read(limit: int = 100) -> Any:
        return {"total": 100, "points": ROWS[:limit]}

    async def write(body: Any) -> Any:
        return {"n": len(body.points)}

    write.__annotations__ = {"body": answer, "return": dict}
    app.put("/points")(write)
    return app


def with_starlette() -> Any:
    import msgspec
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    point = msgspec.defstruct("Point", [*((name, str) for name in FIELDS), ("value", float | None)])
    answer = msgspec.defstruct("Answer", [("total", int), ("points", list[point])])
    query = msgspec.defstruct("Query", [("limit", int, 100)])

    async def read(request: Any) -> Any:
        asked = msgspec.convert(dict(request.query_params), query, strict=False)
        made = answer(100, [point(**row) for row in ROWS[: asked.limit]])
        return Response(msgspec.json.encode(made), media_type="application/json")

    async def write(request: Any) -> Any:
        body = msgspec.json.decode(await request.body(), type=answer)
        return Response(msgspec.json.encode({"n": len(body.points)}), media_type="application/json")

    return Starlette(routes=[Route("/points", read), Route("/points", write, methods=["PUT"])])


async def call(app: Any, method: str, body: bytes) -> None:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/points",
        "raw_path": b"/points",
        "root_path": "",
        "query_string": b"limit=100",
        "headers": [(b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    await app(scope, receive, send)


async def main(which: str) -> None:
    import json

    begun = time.process_time()
    app = {"fastapi": with_fastapi, "starlette": with_starlette}[which]()
    print(f"{which}: import and build {1e3 * (time.process_time() - begun):.0f} ms of CPU")
    body = json.dumps({"total": 100, "points": ROWS}).encode()
    for method, sent in (("GET", b""), ("PUT", body)):
        for _ in range(200):
            await call(app, method, sent)
        begun = time.process_time()
        for _ in range(ROUNDS):
            await call(app, method, sent)
        print(f"{which}: {method} of 100 points {1e6 * (time.process_time() - begun) / ROUNDS:.0f} us of CPU")
    import psutil

    print(f"{which}: {psutil.Process().memory_info().rss / 1e6:.0f} MB resident")


asyncio.run(main(sys.argv[1]))
