"""How a command finds its platform: on this machine by the data folder, elsewhere by URL and token."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
import typer

from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

if TYPE_CHECKING:  # every command loads this module, the gateway's too: the SDK comes when it is used
    from baigong.client.link import Link

Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="BAIGONG_DATA", help="data folder of a platform on this machine: no token is needed"),
]
Url = Annotated[str | None, typer.Option("--url", envvar="BAIGONG_URL", help="address of a platform elsewhere")]
Token = Annotated[str | None, typer.Option("--token", envvar="BAIGONG_TOKEN", help="API token (console: System)")]
Tenant = Annotated[
    str | None,
    typer.Option("--tenant", envvar="BAIGONG_TENANT", help="company that opened its plant to you; default: your own"),
]

_LIKELY = (Path("data"), Path("data/demo"))  # where `up` and `demo` put it
_TIMEOUT_S = 180.0


@contextmanager
def reach(data: Path | None, url: str | None, token: str | None, tenant: str | None = None) -> Iterator[Link]:
    """Connect, and say it clearly when nobody is there."""
    from baigong.client.link import Link, trusted

    where, secret, folder, _ = find(data, url, token)
    with Link(where, secret, _TIMEOUT_S, trusted(where, data=folder), tenant or "") as link:
        try:
            link.json("GET", "/health")
        except RetryLater as error:
            if error.code != "platform.down":
                raise
            raise RetryLater("platform.down", "no platform answers", place=where) from error
        try:
            yield link
        except BaigongError as error:
            if error.code != "auth.required" or secret:
                raise
            raise FixConfiguration(
                "config.invalid", "no token: name the data folder with --data, or give --token", place=where
            ) from error


class Server(NamedTuple):
    """Where a platform is, what to show it, and its data folder when that is what named it.

    ``tenant``: whose plant is asked about; empty for one's own.
    """

    url: str
    token: str | None
    data: Path | None
    tenant: str = ""


def find(data: Path | None, url: str | None, token: str | None, tenant: str | None = None) -> Server:
    """Find the platform. Without any option: the data folder that ``up`` or ``demo`` made here."""
    from baigong.client.link import find_server

    if data is not None and not (data / "url").is_file():
        raise FixConfiguration("config.invalid", "no platform has run on this data folder", place=str(data))
    if data is None and not url:
        data = next((folder for folder in _LIKELY if (folder / "key").is_file() and _readable(folder / "key")), None)
    return Server(*find_server(url, token, data), data, tenant or "")


def _readable(path: Path) -> bool:
    return os.access(path, os.R_OK)


def download(
    where: Server,
    method: str,
    path: str,
    accept: str,
    sink: IO[bytes],
    *,
    params: dict[str, Any] | None = None,
    body: Any = None,
    step: Callable[[int], None] = lambda _: None,
) -> int:
    """Write an answer of any size to ``sink`` as it comes; returns its bytes."""
    import httpx2 as httpx

    from baigong.client.errors import mapped, of_response
    from baigong.client.link import trusted

    url, token, data, tenant = where
    headers = {"Accept": accept} | ({"Authorization": f"Bearer {token}"} if token else {})
    content = None
    if body is not None:
        content = msgspec.json.encode(body)
        headers["Content-Type"] = "application/json"
    done = 0
    with (
        mapped(url),
        httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1",
            headers=headers,
            timeout=_TIMEOUT_S,
            verify=trusted(url, data=data),
            params={"tenant": tenant} if tenant else None,
        ) as http,
        http.stream(method, path, params=params, content=content) as response,
    ):
        if response.is_error:
            response.read()
            raise of_response(response)
        for piece in response.iter_bytes():
            sink.write(piece)
            done += len(piece)
            step(len(piece))
    return done
