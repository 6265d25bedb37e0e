"""``baigong device certificate …``: X.509 identities of machines; ``baigong ca machines``: who signs them."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json
from baigong.vocab.errors import BaigongError, FixConfiguration

if TYPE_CHECKING:
    from baigong.client.link import Link

certificate = typer.Typer(no_args_is_help=True, help="Certificates that machines sign in with, instead of a secret.")

Name = Annotated[str, typer.Argument(help="device id")]
Serial = Annotated[str, typer.Option(help="which one; default: the device's newest that is good")]
Csr = Annotated[
    Path | None, typer.Option(help="signing request of the device (PKCS 10, PEM); default: key and request made here")
]
Days = Annotated[int, typer.Option(help="how long it is good")]
Folder = Annotated[Path, typer.Option("--folder", help="where DEVICE.pem, DEVICE.key and what to trust are written")]
Pkcs12 = Annotated[bool, typer.Option("--pkcs12", help="let the platform make the key, and write DEVICE.p12 instead")]
_HERE = Path(".")


@certificate.command()
def enrol(
    name: Name,
    csr: Csr = None,
    days: Days = 730,
    pkcs12: Pkcs12 = False,
    folder: Folder = _HERE,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Give a machine a certificate. Its key is made here and does not leave this computer."""
    files = _Files(folder, name)
    files.require_free(csr, pkcs12)
    with reach(data, url, token) as link:
        made = _ask(link, "/certificates", files, csr, pkcs12, {"device": name, "days": days})
        files.keep(link, made, as_json)


@certificate.command()
def rotate(
    name: Name,
    serial: Serial = "",
    csr: Csr = None,
    days: Days = 730,
    overlap_days: Annotated[float, typer.Option(help="how long the old one stays good beside it")] = 7,
    pkcs12: Pkcs12 = False,
    folder: Folder = _HERE,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Give a machine its next certificate; files of the old one are kept as DEVICE.before.*"""
    files = _Files(folder, name)
    with reach(data, url, token) as link:
        old = serial or _newest(link, name)
        wanted = {"days": days, "overlap_days": overlap_days}
        made = _ask(link, f"/certificates/{quote(old, safe='')}/rotate", files, csr, pkcs12, wanted)
        files.set_aside()
        files.keep(link, made, as_json)


@certificate.command()
def revoke(
    name: Name,
    serial: Serial = "",
    reason: Annotated[
        str,
        typer.Option(
            help="key_compromise, cessation_of_operation, superseded, affiliation_changed, privilege_withdrawn"
        ),
    ] = "unspecified",
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Take a certificate back: it opens nothing more, and its machine is thrown out at once."""
    with reach(data, url, token) as link:
        which = serial or _newest(link, name)
        link.json("POST", f"/certificates/{quote(which, safe='')}/revoke", body={"reason": reason})
        show.tell(f"{which} opens nothing more")


@certificate.command("list")
def list_(
    name: Annotated[str, typer.Argument(help="device id; nothing: all")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """List certificates: state, until when, when last used."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/certificates", params={"device": name} if name else {})
    if as_json:
        show.json(found)
        return
    rows = [
        (c["device"], c["serial"][:16], c["state"], show.when(c["until_us"]), show.when(c["used_us"]) or "never",
         c["reason"])
        for c in found
    ]  # fmt: skip
    show.table(("device", "serial", "state", "until", "last used", "reason"), rows)


def machines(
    folder: Annotated[
        Path | None, typer.Option("--folder", help="write certificate and list here, for servers that trust it")
    ] = None,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show who signs for machines, and write its certificate and its list of the revoked (PEM and DER)."""
    with reach(data, url, token) as link:
        facts = link.json("GET", "/machine-ca")
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for path in ("machine-ca.pem", "machine-ca.crl", "machine-ca.crl.pem"):
                (folder / f"baigong-{path}").write_bytes(b"".join(link.stream(f"/{path}")))
    if as_json:
        show.json(facts)
        return
    show.table(("", ""), [
        ("subject", facts["subject"]),
        ("SHA-256", facts["sha256"]),
        ("until", show.when(facts["until_us"])),
        ("revoked", facts["revoked"]),
    ])  # fmt: skip
    if folder is not None:
        show.tell(f"wrote baigong-machine-ca.pem, .crl (DER) and .crl.pem to {folder}")


def opcua(
    days: Days = 730,
    gateway: Annotated[str, typer.Option(help="whose OPC UA client")] = "local",
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Sign our OPC UA client's certificate anew. Servers must trust `baigong ca machines` first."""
    with reach(data, url, token) as link:
        made = link.json("POST", "/certificate/renew", body={"gateway": gateway, "days": days})
        show.tell(f"the OPC UA client shows {made['serial']}, good until {show.when(made['until_us'])}")


def make_request(device: str) -> tuple[bytes, str]:
    """Make a key of P-256 and a signing request for it, both PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, pem = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain), asked.public_bytes(pem).decode()


class _Files:
    """What a machine needs, as files in one folder."""

    def __init__(self, folder: Path, device: str) -> None:
        self.device, self.folder = device, folder
        self.pem, self.key, self.p12 = (folder / f"{device}.{kind}" for kind in ("pem", "key", "p12"))
        self.trust = folder / "baigong-mqtt-ca.pem"
        self._fresh_key = b""

    def require_free(self, csr: Path | None, pkcs12: bool) -> None:
        wanted = [self.p12] if pkcs12 else [self.pem] if csr else [self.pem, self.key]
        for path in wanted:
            if path.exists():
                raise FixConfiguration("config.conflict", f"{path} is there already", place=str(path))

    def set_aside(self) -> None:
        for path in (self.pem, self.key, self.p12):
            if path.exists():
                path.replace(path.with_name(f"{self.device}.before{path.suffix}"))

    def request(self) -> str:
        """Make a key, to be written when its certificate is there, and return a request for it."""
        self._fresh_key, asked = make_request(self.device)
        return asked

    def keep(self, link: Link, made: dict[str, Any], as_json: bool) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if made["pkcs12"]:
            _write_secret(self.p12, base64.b64decode(made["pkcs12"]))
            show.tell(f"wrote {self.p12}; its password is shown this once:")
            if not as_json:
                sys.stdout.write(f"{made['pkcs12_password']}\n")
        else:
            if self._fresh_key:
                _write_secret(self.key, self._fresh_key)
            self.pem.write_text(made["certificate"])
            show.tell(f"wrote {self.pem}, good until {show.when(made['until_us'])}")
        if as_json:
            show.json({name: made[name] for name in ("serial", "device", "sha256", "until_us", "pkcs12_password")})
        self._tell_how(link)

    def _tell_how(self, link: Link) -> None:
        """Show a command that works; where the front door is not open now, say so."""
        try:
            way = link.json("GET", "/mqtt", params={"device": self.device})
        except BaigongError as error:
            show.tell(f"how to connect cannot be told now: {error.message}")
            return
        if "certificate" not in way["commands"]:
            show.tell("the MQTT front door speaks no TLS now; certificates need it")
            return
        self.trust.write_text(way["authority"])
        if self.pem.exists() and self.key.exists():
            command = way["commands"]["certificate"]
            for path in (self.trust, self.pem, self.key):
                command = command.replace(path.name, str(path), 1)
            show.tell("try it:")
            show.tell(f"  {command}")


def _ask(
    link: Link, path: str, files: _Files, csr: Path | None, pkcs12: bool, wanted: dict[str, Any]
) -> dict[str, Any]:
    if csr is not None and pkcs12:
        raise FixConfiguration("config.invalid", "choose one of --csr and --pkcs12")
    if csr is not None:
        try:
            wanted = wanted | {"csr": csr.read_text("ascii")}
        except (OSError, UnicodeDecodeError) as error:
            raise FixConfiguration("config.invalid", f"{csr} cannot be read: {error}", place=str(csr)) from error
    elif not pkcs12:
        wanted = wanted | {"csr": files.request()}
    found: dict[str, Any] = link.json("POST", path, body=wanted)
    return found


def _newest(link: Link, device: str) -> str:
    found: list[dict[str, Any]] = link.json("GET", "/certificates", params={"device": device})
    for one in found:
        if one["state"] == "good":
            return str(one["serial"])
    raise FixConfiguration("http.not_found", f"device {device} has no certificate that is good", place=device)


def _write_secret(path: Path, raw: bytes) -> None:
    """Write what only its owner may read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(raw)
