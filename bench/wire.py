"""Bytes to servers, cheaply: HTTP over a kept-alive socket with bodies that are ready, and free ports."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

_KEPT_S = 3.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Http:
    """One connection. ``post``/``get`` return the answer's body; anything but 2xx raises."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._port = port
        self.cookie = ""  # the session's, once signed in
        self._connect()
        self._extra = "".join(f"{k}: {v}\r\n" for k, v in (headers or {}).items())

    def close(self) -> None:
        self._socket.close()

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), 300)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._left, self._used = b"", time.monotonic()

    def _send(self, raw: bytes) -> None:
        if time.monotonic() - self._used > _KEPT_S:  # the server may have hung up
            self._socket.close()
            self._connect()
        self._used = time.monotonic()
        self._socket.sendall(raw)

    def get(self, path: str, headers: str = "") -> bytes:
        self._send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self._extra}{headers}\r\n".encode())
        return self._answer()

    def post(self, path: str, body: bytes | bytearray | memoryview, kind: str, headers: str = "") -> bytes:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self._extra}{headers}Content-Type: {kind}\r\n"
        self._send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        self._socket.sendall(body)
        return self._answer()

    def put(self, path: str, body: bytes, kind: str) -> bytes:
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self._extra}Content-Type: {kind}\r\n"
        self._send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return self._answer()

    def json(self, path: str, body: Any = None) -> Any:
        raw = self.get(path) if body is None else self.post(path, json.dumps(body).encode(), "application/json")
        return json.loads(raw) if raw else None

    def _answer(self) -> bytes:
        raw = bytearray(self._left)
        while (end := raw.find(b"\r\n\r\n")) < 0:
            raw += self._more()
        head = bytes(raw[:end]).decode("latin-1").lower()
        body = raw[end + 4 :]
        self._used = time.monotonic()
        if "baigong_session=" in head:
            raw_head = bytes(raw[:end]).decode("latin-1")
            self.cookie = raw_head.split("baigong_session=", 1)[1].split(";", 1)[0]
        code = int(head.split(" ", 2)[1])
        if "transfer-encoding: chunked" in head:
            made = self._chunks(body)
        else:
            found = head.find("content-length:")
            length = int(head[found + 15 :].split("\r\n", 1)[0]) if found >= 0 else 0
            while len(body) < length:
                body += self._more()
            made, self._left = bytes(body[:length]), bytes(body[length:])
        if code >= 300:
            raise RuntimeError(f"HTTP {code}: {made[:500]!r}")
        return made

    def _chunks(self, raw: bytearray) -> bytes:
        made = bytearray()
        while True:
            while (end := raw.find(b"\r\n")) < 0:
                raw += self._more()
            size = int(bytes(raw[:end]).split(b";")[0], 16)
            while len(raw) < end + 4 + size:
                raw += self._more()
            made += raw[end + 2 : end + 2 + size]
            raw = raw[end + 4 + size :]
            if size == 0:
                self._left = bytes(raw)
                return bytes(made)

    def _more(self) -> bytes:
        got = self._socket.recv(1 << 20)
        if not got:
            raise RuntimeError("the server hung up")
        return got


def until(port: int, path: str, seconds: float = 30.0) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection = Http(port)
            connection.get(path)
            connection.close()
            return
        except (OSError, RuntimeError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
