"""Which client applications may open a channel: theirs is a certificate that somebody here put among the trusted.

Nothing is trusted silently, as on the drivers' side (drivers/opcua/security.py): an unknown certificate is put into
``waiting`` and refused; ``baigong opcua trust`` moves it to ``trusted``. A certificate there that may sign others
(a plant's own authority) vouches for those it has signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from asyncua import ua
from asyncua.ua.uaerrors import UaStatusCodeError
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from baigong.security.certificates import CertificateFacts, facts_of, load_certificate, read_certificate
from baigong.vocab.errors import BaigongError, FixConfiguration

_MOST_WAITING = 100  # files that strangers can make us write


class Clients:
    """``folder``: has ``trusted`` and ``waiting`` in it; ``any``: every application's certificate will do."""

    def __init__(self, folder: Path, *, any: bool = False) -> None:
        self._folder, self._any = folder, any
        self.refused = 0

    def check(self, chain: bytes) -> CertificateFacts:
        """Return the facts of the first certificate of a chain. Raises a status code that says what is wrong."""
        try:
            certificate = x509.load_der_x509_certificate(chain[: _length(chain)])
            facts = facts_of(certificate)
        except ValueError as error:
            self.refused += 1
            raise UaStatusCodeError(ua.StatusCodes.BadCertificateInvalid) from error
        if not facts.not_before <= datetime.now(UTC) <= facts.not_after:
            self.refused += 1
            raise UaStatusCodeError(ua.StatusCodes.BadCertificateTimeInvalid)
        if self._any or self._is_trusted(certificate, facts):
            return facts
        self.refused += 1
        self._keep(certificate.public_bytes(Encoding.DER), facts.sha256)
        raise UaStatusCodeError(ua.StatusCodes.BadCertificateUntrusted)

    def _is_trusted(self, certificate: x509.Certificate, facts: CertificateFacts) -> bool:
        return any(
            known.fingerprint(SHA256()).hex() == facts.sha256 or _has_signed(known, certificate)
            for _, known in _certificates(self._folder / "trusted")
        )

    def _keep(self, der: bytes, sha256: str) -> None:
        waiting = self._folder / "waiting"
        waiting.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = waiting / f"{sha256}.der"
        if not path.exists() and len(_files(waiting)) < _MOST_WAITING:
            path.write_bytes(der)

    def waiting(self) -> list[CertificateFacts]:
        return _facts(self._folder / "waiting")

    def trusted(self) -> list[CertificateFacts]:
        return _facts(self._folder / "trusted")

    def trust(self, sha256: str) -> CertificateFacts:
        """Trust one that waits, by its SHA-256 or enough of its beginning. Raises http.not_found."""
        path, facts = self._one("waiting", sha256)
        trusted = self._folder / "trusted"
        trusted.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.replace(trusted / path.name)
        return facts

    def add(self, raw: bytes) -> CertificateFacts:
        """Trust a certificate that somebody brings, PEM or DER. Raises driver.certificate."""
        facts = read_certificate(raw)
        trusted = self._folder / "trusted"
        trusted.mkdir(parents=True, exist_ok=True, mode=0o700)
        (trusted / f"{facts.sha256}.der").write_bytes(raw)
        (self._folder / "waiting" / f"{facts.sha256}.der").unlink(missing_ok=True)
        return facts

    def drop(self, sha256: str) -> CertificateFacts:
        """Trust one no longer. Raises http.not_found."""
        path, facts = self._one("trusted", sha256)
        path.unlink()
        return facts

    def _one(self, where: str, sha256: str) -> tuple[Path, CertificateFacts]:
        wanted = sha256.replace(":", "").lower()
        known = [(path, facts_of(certificate)) for path, certificate in _certificates(self._folder / where)]
        found = [(path, facts) for path, facts in known if wanted and facts.sha256.startswith(wanted)]
        if len(found) != 1:
            many = "no" if not found else "more than one"
            raise FixConfiguration("http.not_found", f"{many} certificate begins with {sha256!r}", place=where)
        return found[0]


def _length(chain: bytes) -> int:
    """Return how long the first certificate of a chain is: DER says so in its first bytes."""
    if len(chain) < 4 or chain[0] != 0x30 or chain[1] != 0x82:
        return len(chain)
    return 4 + int.from_bytes(chain[2:4], "big")


def _has_signed(known: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        if not known.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(known)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return True


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*")) if folder.is_dir() else []


def _certificates(folder: Path) -> Iterator[tuple[Path, x509.Certificate]]:
    """Read the files of a folder; what is no certificate is left out."""
    for path in _files(folder):
        with suppress(BaigongError, OSError):
            yield path, load_certificate(path.read_bytes())


def _facts(folder: Path) -> list[CertificateFacts]:
    return [facts_of(certificate) for _, certificate in _certificates(folder)]
