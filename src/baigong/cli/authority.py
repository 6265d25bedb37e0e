"""``baigong ca``: the authority that signs what our listeners show, for those who have to trust it."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from baigong.cli import show
from baigong.cli.certificate import machines, opcua
from baigong.vocab.errors import FixConfiguration, RetryLater

if TYPE_CHECKING:
    from baigong.security.certificates import CertificateFacts

ca = typer.Typer(no_args_is_help=True, help="What browsers, programs and machines have to trust for TLS.")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    ca.command()(machines)
    ca.command()(opcua)
    app.add_typer(ca, name="ca")


def fingerprint(facts: CertificateFacts) -> str:
    """Write a fingerprint as browsers show it."""
    digits = facts.sha256.upper()
    return "SHA-256 " + ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


@ca.command()
def export(
    target: Annotated[Path | None, typer.Argument(help="file to write (PEM); default: print it")] = None,
    data: Annotated[Path, typer.Option("--data", envvar="BAIGONG_DATA", help="data folder")] = Path("data"),
) -> None:
    """Write the authority's certificate: give it to browsers, to --ca, to the SDK, to machines. It is no secret."""
    from baigong.registry.serving import AUTHORITY
    from baigong.security.certificates import read_certificate

    if not (data / "format").exists() and (data / "demo" / "format").exists():
        data = data / "demo"
    path = data / "certificates" / AUTHORITY
    if not path.is_file():
        raise FixConfiguration(
            "tls.certificate", "no authority has been made here: start the platform with TLS once", place=str(path)
        )
    pem = path.read_bytes()
    if target is None:
        sys.stdout.write(pem.decode())
    else:
        target.write_bytes(pem)
        show.tell(f"wrote {target}")
    show.tell(fingerprint(read_certificate(pem)))


@ca.command()
def fetch(
    url: Annotated[str, typer.Argument(help="https address of the platform")],
    digits: Annotated[str, typer.Argument(help="SHA-256 fingerprint that the platform printed when it started")],
    target: Annotated[Path, typer.Argument(help="file to write (PEM)")] = Path("baigong-ca.pem"),
) -> None:
    """Get the authority from the platform itself, and believe it only when its fingerprint is the one given."""
    from baigong.security.certificates import read_certificate

    at = urlsplit(url)
    try:
        chain = _shown(at.hostname or "", at.port or 443)
    except (OSError, ssl.SSLError) as error:
        raise RetryLater("platform.down", f"no TLS there: {error}", place=url) from error
    wanted = "".join(c for c in digits.lower().removeprefix("sha-256") if c in "0123456789abcdef")
    for pem in chain:
        if read_certificate(pem).sha256 == wanted:
            target.write_bytes(pem)
            show.tell(f"wrote {target}: use it with --ca {target}, or BAIGONG_CA={target}")
            return
    raise FixConfiguration("tls.untrusted", "what it shows has another fingerprint", place=url)


def _shown(host: str, port: int) -> list[bytes]:
    """Return every certificate that a server shows, unverified: the caller compares fingerprints."""
    import socket

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), 10) as plain, context.wrap_socket(plain, server_hostname=host) as tls:
        chain = tls.get_unverified_chain() if hasattr(tls, "get_unverified_chain") else _chain(tls)
    return [x509.load_der_x509_certificate(bytes(one)).public_bytes(Encoding.PEM) for one in chain if one]


def _chain(tls: ssl.SSLSocket) -> list[bytes]:
    # public from Python 3.13 on; before, the same list lies one layer deeper
    held = tls._sslobj.get_unverified_chain() or []  # type: ignore[attr-defined]
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in held]
