"""Where a PostgreSQL server is, and how it is spoken to: said by an operator, checked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from baigong.vocab.errors import FixConfiguration

_SCHEMES = ("postgresql", "postgres")
_VERIFIED = "verify-full"
_OURS = ("passfile", "sslrootcert", "sslcert", "sslkey", "sslmode", "host", "port", "connect_timeout")


@dataclass(slots=True, frozen=True, kw_only=True)
class Server:
    """``url``: postgresql://user@host:port/database, without a password. ``ca``: PEM of who signed its certificate.

    Beyond this machine the server's certificate is verified, unless somebody says
    ``plain_records_are_read_by_the_network``.
    """

    url: str
    password: str = field(default="", repr=False)
    ca: str = ""
    plain_records_are_read_by_the_network: bool = False

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in _SCHEMES:
            raise _wrong("records are a file of the data folder, or postgresql://user@host/database", "url")
        if parts.password is not None:
            raise _wrong(
                "a password in the address can be read by every account of this machine: put it into a file "
                "(--records-password-file) or into BAIGONG_RECORDS_PASSWORD",
                self.shown,
            )
        odd = [name for name, _ in parse_qsl(parts.query) if name not in _OURS]
        if odd or not self.database:
            raise _wrong(f"{odd[0]!r} is not known here" if odd else "the address names no database", self.shown)
        mode = self.options().get("sslmode", _VERIFIED)
        if mode != _VERIFIED and not self.local and not self.plain_records_are_read_by_the_network:
            raise _wrong(
                f"sslmode={mode} lets others on the network read or pose as the database: leave it away, or say "
                "--plain-records-are-read-by-the-network",
                self.shown,
            )

    @property
    def shown(self) -> str:
        """Return the address as it may be shown and kept."""
        parts = urlsplit(self.url)
        if parts.password is None:
            return self.url
        who, _, where = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{who.partition(':')[0]}@{where}").geturl()

    @property
    def database(self) -> str:
        return unquote(urlsplit(self.url).path.lstrip("/"))

    @property
    def user(self) -> str:
        who, at, _ = urlsplit(self.url).netloc.rpartition("@")
        return unquote(who.partition(":")[0]) if at else ""

    @property
    def hosts(self) -> list[str]:
        """Return its hosts, in the order they are tried; a folder is one of a socket."""
        asked = dict(parse_qsl(urlsplit(self.url).query)).get("host")
        if asked is not None:
            return asked.split(",")
        listed = urlsplit(self.url).netloc.rpartition("@")[2].split(",")
        return [unquote(h[1:].partition("]")[0] if h.startswith("[") else h.partition(":")[0]) for h in listed]

    @property
    def local(self) -> bool:
        return all(h in ("", "localhost", "::1") or h.startswith(("/", "127.")) for h in self.hosts)

    def with_user(self, user: str, password: str = "") -> Server:
        """Return the same database, for another role."""
        parts = urlsplit(self.url)
        where = parts.netloc.rpartition("@")[2]
        url = parts._replace(netloc=f"{quote(user, safe='')}@{where}").geturl()
        return Server(
            url=url,
            password=password,
            ca=self.ca,
            plain_records_are_read_by_the_network=self.plain_records_are_read_by_the_network,
        )

    def options(self) -> dict[str, str]:
        """Return what libpq is told beside the address."""
        given = dict(parse_qsl(urlsplit(self.url).query))
        told = {"application_name": "baigong", "connect_timeout": "5", "keepalives_idle": "30", "keepalives_count": "3"}
        if self.password:
            told["password"] = self.password
        if self.ca:
            told["sslrootcert"] = self.ca
        if not self.local and not self.plain_records_are_read_by_the_network:
            told["sslmode"] = _VERIFIED
            if not self.ca and "sslrootcert" not in given:
                told["sslrootcert"] = "system"
        return told | {name: value for name, value in given.items() if name in _OURS}


def _wrong(message: str, place: str) -> FixConfiguration:
    return FixConfiguration("config.invalid", message, place=place)
