"""The driver's options, checked once: wrong ones raise driver.option before any network is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from baigong.vocab.errors import FixConfiguration

POLICIES = ("None", "Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss")
MODES = ("Sign", "SignAndEncrypt")
TRIGGERS = ("timestamp", "value")
FORMS = ("index", "uri")


@dataclass(slots=True, frozen=True)
class Settings:
    """Options in their final types; limits of 0 mean "what the server allows"."""

    url: str
    connect_to: tuple[str, ...]  # given by the gateway: addresses of the host, already judged
    policy: str
    mode: str
    user: str
    password: str
    password_in_clear: bool
    certificate: str
    private_key: str
    server_fingerprint: str
    trust_first_use: bool
    trust_folder: str
    timeout_s: float
    sampling_s: float
    publishing_s: float
    queue_size: int
    items_per_subscription: int
    trigger: str
    address_form: str
    nodes_per_read: int
    nodes_per_browse: int
    items_per_call: int

    @property
    def place(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or 4840}"


def _refuse(name: str, message: str) -> FixConfiguration:
    return FixConfiguration("driver.option", f"{name}: {message}", place=name)


def _text(options: dict[str, Any], name: str) -> str:
    value = options.get(name, "")
    if not isinstance(value, str):
        raise _refuse(name, f"{value!r} is not text")
    return value.strip() if name != "password" else value


def _flag(options: dict[str, Any], name: str) -> bool:
    value = options.get(name, False)
    if not isinstance(value, bool):
        raise _refuse(name, f"{value!r} is not true or false")
    return value


def _choice(options: dict[str, Any], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = options.get(name, default)
    if value not in choices:
        raise _refuse(name, f"{value!r} is not one of {', '.join(choices)}")
    return str(value)


def _number(options: dict[str, Any], name: str, default: float, low: float, high: float) -> float:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _refuse(name, f"{value!r} is not a number from {low:g} to {high:g}")
    return float(value)


def _url(options: dict[str, Any]) -> str:
    text = _text(options, "url")
    if "://" not in text:
        text = f"opc.tcp://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port or 4840  # OPC 10000-6 §7.1.1: the registered port
    except ValueError as error:
        raise _refuse("url", str(error)) from error
    if parts.scheme != "opc.tcp" or not parts.hostname:
        raise _refuse("url", f"{text!r} is not opc.tcp://host:port/path")
    if "@" in parts.netloc:
        raise _refuse("url", "user and password have their own options")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"opc.tcp://{host}:{port}{parts.path}"


def read_settings(options: dict[str, Any]) -> Settings:
    """Check the options of a device; raises driver.option naming the wrong one."""
    made = Settings(
        url=_url(options),
        connect_to=tuple(options.get("connect_to") or ()),
        policy=_choice(options, "security_policy", "None", POLICIES),
        mode=_choice(options, "security_mode", "SignAndEncrypt", MODES),
        user=_text(options, "user"),
        password=_text(options, "password"),
        password_in_clear=_flag(options, "sign_in_unencrypted"),
        certificate=_text(options, "certificate"),
        private_key=_text(options, "private_key"),
        server_fingerprint=_text(options, "server_fingerprint").replace(":", "").replace(" ", "").lower(),
        trust_first_use=_flag(options, "trust_server_on_first_use"),
        trust_folder=_text(options, "trust_folder"),
        timeout_s=_number(options, "timeout_s", 5.0, 0.1, 600),
        sampling_s=_number(options, "sampling_s", 0.0, 0, 86400),
        publishing_s=_number(options, "publishing_s", 0.0, 0, 3600),
        queue_size=int(_number(options, "queue_size", 100, 1, 1_000_000)),
        items_per_subscription=int(_number(options, "items_per_subscription", 5000, 1, 1_000_000)),
        trigger=_choice(options, "trigger", "timestamp", TRIGGERS),
        address_form=_choice(options, "address_form", "index", FORMS),
        nodes_per_read=int(_number(options, "nodes_per_read", 0, 0, 100_000)),
        nodes_per_browse=int(_number(options, "nodes_per_browse", 0, 0, 100_000)),
        items_per_call=int(_number(options, "items_per_call", 0, 0, 100_000)),
    )
    if made.policy != "None" and not (made.certificate and made.private_key):
        raise _refuse("certificate", f"{made.policy} needs our certificate and private_key (paths of PEM or DER files)")
    if made.trust_first_use and not made.trust_folder:
        raise _refuse("trust_folder", "trust_server_on_first_use needs a folder in which to remember")
    if made.password and not made.user:
        raise _refuse("user", "a password without a user")
    if made.server_fingerprint and not _is_sha256(made.server_fingerprint):
        raise _refuse("server_fingerprint", "write the SHA-256 of the certificate: 64 hexadecimal digits")
    return made


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")
