"""One HTTP connection to a Baigong server, with its token."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2 as httpx
import msgspec
import pyarrow as pa

from baigong.client.errors import mapped, of_response
from baigong.vocab.errors import FixConfiguration, ReportBug

ARROW = "application/vnd.apache.arrow.stream"
DEFAULT_URL = "http://127.0.0.1:8600"


class Link:
    """Close it, or use it in a ``with`` block."""

    def __init__(
        self,
        url: str,
        token: str | None,
        timeout_s: float,
        trust: ssl.SSLContext | bool | None = None,
        tenant: str = "",
    ) -> None:
        """``trust``: see ``trusted``, which is asked when it is None. ``tenant``: whose plant is asked about."""
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        trust = trusted(self.url) if trust is None else trust
        about = {"tenant": tenant} if tenant else None
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1", headers=headers, timeout=timeout_s, verify=trust, params=about
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def json(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None, key: str = ""
    ) -> Any:
        """Ask and decode JSON; None for an empty answer. Raises what the server raised.

        ``key``: goes with a request that must not be carried out twice (Idempotency-Key).
        """
        content = None if body is None else msgspec.json.encode(body)
        raw = self._ask(method, path, params, content, "application/json", "application/json", key)
        return self._decoded(raw) if raw else None

    def send(
        self,
        path: str,
        content: bytes | Iterable[bytes],
        media: str,
        method: str = "POST",
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        return self._decoded(self._ask(method, path, params, content, media, "application/json"))

    def _decoded(self, raw: bytes) -> Any:
        try:
            return msgspec.json.decode(raw)
        except msgspec.DecodeError as error:  # a web page: of another program, or of a path of the console
            raise FixConfiguration("config.invalid", "this address is not that of a Baigong", place=self.url) from error

    def arrow(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None) -> pa.Table:
        content = None if body is None else msgspec.json.encode(body)
        raw = self._ask(method, path, params, content, "application/json", ARROW)
        try:
            with pa.ipc.open_stream(pa.py_buffer(raw)) as reader:
                return reader.read_all()
        except (pa.ArrowException, OSError) as error:
            raise ReportBug("internal.error", f"the server's Arrow stream broke off: {error}", place=path) from error

    def stream(self, path: str, *, params: Mapping[str, Any] | None = None) -> Iterator[bytes]:
        """Read a long answer piece by piece."""
        with mapped(self.url), self._http.stream("GET", path, params=dict(params or {})) as response:
            if response.is_error:
                response.read()
                raise of_response(response)
            yield from response.iter_bytes()

    def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        content: bytes | Iterable[bytes] | None,
        media: str,
        accept: str,
        key: str = "",
    ) -> bytes:
        headers = {"Accept": accept} | ({"Idempotency-Key": f'"{key}"'} if key else {})
        if content is not None:
            headers["Content-Type"] = media
        asked = {k: v for k, v in (params or {}).items() if v not in (None, "")}
        with mapped(self.url):
            response = self._http.request(method, path, params=asked, content=content, headers=headers)
        if response.is_error:
            raise of_response(response)
        return response.content


def find_server(url: str | None, token: str | None, data: str | Path | None) -> tuple[str, str | None]:
    """Say where the server is and what to show it.

    What is given wins; then BAIGONG_URL, BAIGONG_TOKEN and BAIGONG_DATA; then the files ``url`` and ``key``
    of a data folder, which the user that runs the server may read; then the default address. A key file is never
    shown to a server whose URL came from elsewhere. An address without a scheme is http.
    """
    elsewhere = data is None and (url or os.environ.get("BAIGONG_URL")) is not None
    folder = data or os.environ.get("BAIGONG_DATA")
    url = url or os.environ.get("BAIGONG_URL") or _read(folder, "url") or DEFAULT_URL
    token = token or os.environ.get("BAIGONG_TOKEN") or (None if elsewhere else _read(folder, "key"))
    return url if "://" in url else f"http://{url}", token


def trusted(
    url: str,
    ca: str | Path | None = None,
    data: str | Path | None = None,
    certificate: str | Path | None = None,
    key: str | Path | None = None,
) -> ssl.SSLContext | bool:
    """Say which certificates to believe: those that ``ca`` (or BAIGONG_CA) signed; else, for the platform of a data
    folder that we may read, exactly the one it shows; else those of the system's authorities. There is no "none".

    ``certificate`` (or BAIGONG_CERTIFICATE): ours, with its chain (PEM), shown to whoever asks for one; ``key`` (or
    BAIGONG_CERTIFICATE_KEY) when its private key is not in the same file.

    Raises tls.certificate for a file that holds no certificate.
    """
    if not url.startswith("https:"):
        return True
    shown_by_us = certificate or os.environ.get("BAIGONG_CERTIFICATE")
    ca = ca or os.environ.get("BAIGONG_CA")
    folder = data or os.environ.get("BAIGONG_DATA")
    shown = Path(folder) / "certificates" / "shown.pem" if folder and url == _read(folder, "url") else None
    file = Path(ca) if ca else shown
    try:
        context = ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise FixConfiguration("tls.certificate", f"{file} holds no certificate: {error}", place=str(file)) from error
    if not ca and shown is not None:  # this very certificate, whatever name we called
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if shown_by_us:
        _show(context, shown_by_us, key or os.environ.get("BAIGONG_CERTIFICATE_KEY") or shown_by_us)
    return context


def _show(context: ssl.SSLContext, certificate: str | Path, key: str | Path) -> None:
    try:
        context.load_cert_chain(certificate, key, password=b"")
    except (OSError, ssl.SSLError) as error:
        raise FixConfiguration(
            "tls.certificate", f"{certificate} and {key} are no pair: {error}", place=str(certificate)
        ) from error


def _read(folder: str | Path | None, name: str) -> str | None:
    path = Path(folder) / name if folder else None
    return path.read_text("utf-8").strip() or None if path is not None and path.is_file() else None
