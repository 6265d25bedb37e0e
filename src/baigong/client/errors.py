"""Errors of the server, and of the way to it, as the classes of ``baigong.vocab.errors``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2 as httpx
import msgspec

from baigong.vocab.errors import BaigongError, FixConfiguration, ReportBug, RetryLater, from_problem


def of_response(response: httpx.Response) -> BaigongError:
    """Rebuild what the server raised."""
    try:
        return from_problem(msgspec.json.decode(response.content, type=dict))
    except (msgspec.MsgspecError, TypeError):
        text = response.text[:200].strip()
        return ReportBug(
            "internal.error", f"HTTP {response.status_code}, not from Baigong: {text}", place=str(response.url)
        )


@contextmanager
def mapped(url: str) -> Iterator[None]:
    """Let no exception of the HTTP library out."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise RetryLater("platform.down", f"{url} did not answer in time", place=url) from error
    except httpx.TransportError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise FixConfiguration("tls.untrusted", f"the certificate of {url}: {error}", place=url) from error
        raise RetryLater("platform.down", f"{url} cannot be reached: {error}", place=url) from error
