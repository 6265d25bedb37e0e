"""A real OPC UA server to test and demonstrate against: any nodes, history, security, users; can die and return.

async with OpcUaSim(port=0) as sim:
    await sim.set({"Machine.Temp": 22.0}, time_us)
    driver_options = {"url": sim.url}
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from asyncua import Server, ua
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.binary_server_asyncio import BinaryServer
from asyncua.server.history import HistoryStorageInterface

from baigong.drivers.opcua.machine import MACHINE_TYPES, SimNode, SimTypes, machine_nodes

NAMESPACE = "urn:baigong:sim:machine"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REMEMBERED = 200_000  # values per historizing node
_PAGE = 1_000  # values per answer to HistoryRead, so that continuation points are used
_READ_ONLY, _WRITABLE, _HISTORY = 0x01, 0x03, 0x04  # AccessLevel, OPC 10000-3 §8.57
_SECURE = (
    ua.SecurityPolicyType.NoSecurity,
    ua.SecurityPolicyType.Basic256Sha256_Sign,
    ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
    ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
)


def moment(time_us: int) -> datetime:
    """Convert microseconds since the epoch, exactly."""
    return _EPOCH + timedelta(microseconds=time_us)


class Memory(HistoryStorageInterface):  # type: ignore[misc]
    """History of data values in memory, fed by ``OpcUaSim.set`` directly: no value is missed, in any order."""

    def __init__(self) -> None:
        super().__init__(_PAGE)
        self.values: dict[Any, list[ua.DataValue]] = {}

    async def init(self) -> None:
        return None

    async def stop(self) -> None:
        return None

    def remember(self, node: Any, value: ua.DataValue) -> None:
        kept = self.values.setdefault(node, [])
        at = len(kept)
        if kept and kept[-1].SourceTimestamp > value.SourceTimestamp:
            at = bisect_left(kept, value.SourceTimestamp, key=lambda v: v.SourceTimestamp)
        kept.insert(at, value)
        del kept[:-_REMEMBERED]

    async def new_historized_node(self, node_id: Any, period: Any, count: int = 0) -> None:
        self.values.setdefault(node_id, [])

    async def save_node_value(self, node_id: Any, datavalue: Any) -> None:
        self.remember(node_id, datavalue)

    async def read_node_history(
        self, node_id: Any, start: datetime | None, end: datetime | None, nb_values: int
    ) -> tuple[list[Any], datetime | None]:
        kept = self.values.get(node_id, [])
        first = bisect_left(kept, start or _EPOCH, key=lambda v: v.SourceTimestamp)
        last = bisect_left(kept, end or moment(1 << 52), key=lambda v: v.SourceTimestamp)
        most = min(nb_values or _PAGE, _PAGE)
        found = kept[first:last]
        return found[:most], found[most].SourceTimestamp if len(found) > most else None

    async def new_historized_event(self, source_id: Any, evtypes: Any, period: Any, count: int = 0) -> None:
        return None

    async def save_event(self, event: Any) -> None:
        return None

    async def read_event_history(
        self, source_id: Any, start: Any, end: Any, nb_values: int, evfilter: Any
    ) -> tuple[list[Any], None]:
        return [], None


class _Users:
    """Who may sign in: anybody, or name and password from a table."""

    def __init__(self, users: Mapping[str, str] | None) -> None:
        self._users = users

    def get_user(
        self, iserver: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        if self._users is None or (username and self._users.get(username) == password):
            return User(role=UserRole.User)
        return None


@dataclass(slots=True)
class OpcUaSim:
    """The server. ``port`` 0: the system chooses, and the port stays the same over ``stop`` and ``start``.

    ``users``: name -> password; None lets anybody in. ``certificate``/``private_key``: DER and PEM files, with
    which the secured endpoints are offered. ``accept_client``: None, or False to refuse every client certificate.
    ``server`` is asyncua's own, for adding what this description cannot say.
    """

    port: int = 0
    nodes: Sequence[SimNode] = field(default_factory=machine_nodes)
    types: SimTypes = MACHINE_TYPES
    namespace: str = NAMESPACE
    users: Mapping[str, str] | None = None
    certificate: Path | None = None
    private_key: Path | None = None
    accept_client: bool = True
    limits: Mapping[int, int] = field(default_factory=dict)  # ObjectIds of server capabilities -> value
    host: str = "127.0.0.1"
    title: str = "Baigong simulator"
    server: Server = field(init=False)
    memory: Memory = field(init=False, default_factory=Memory)
    index: int = field(init=False, default=0)
    _nodes: dict[str, tuple[Any, ua.VariantType]] = field(init=False, default_factory=dict)
    _specs: dict[str, SimNode] = field(init=False, default_factory=dict)
    _data_types: dict[str, Any] = field(init=False, default_factory=dict)
    _classes: dict[str, Any] = field(init=False, default_factory=dict)

    @property
    def url(self) -> str:
        return f"opc.tcp://{self.host}:{self.port}/baigong"

    def address(self, name: str) -> str:
        """Return the address of a node by its name."""
        return f"ns={self.index};s={name}"

    async def __aenter__(self) -> Self:
        self.server = Server(user_manager=_Users(self.users))
        await self.server.init()
        self.server.disable_clock()
        self.server.name = self.title
        self.server.set_endpoint(self.url)
        self.server.iserver.history_manager.set_storage(self.memory)
        await self._secure()
        self.index = await self.server.register_namespace(self.namespace)
        for number, value in self.limits.items():
            await self.server.get_node(ua.NodeId(number)).write_value(value, ua.VariantType.UInt32)
        await self._build()
        await self.server._setup_server_nodes()
        await self.server.iserver.start()
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        await self.server.iserver.stop()

    async def start(self) -> None:
        """Listen, on the same port as before."""
        made = BinaryServer(self.server.iserver, self.host, self.port, self.server.limits)
        made.set_policies(self.server._policies)
        await made.start()
        self.port = made.port
        self.server.bserver = made

    async def stop(self) -> None:
        """Go away at once, as if the plug were pulled: no goodbye, sessions and subscriptions are forgotten."""
        gone, self.server.bserver = self.server.bserver, None
        if gone is None:
            return
        for transport in list(self.server.iserver.asyncio_transports):
            transport.abort()
        await asyncio.sleep(0)
        await gone.stop()

    async def set(
        self,
        values: Mapping[str, Any],
        time_us: int | None = None,
        *,
        status: int = 0,
        server_time_us: int | None = None,
    ) -> None:
        """Set values with one source time (default now) and a 32-bit status code; a bad status has no value."""
        now_us = time.time_ns() // 1000
        stamp = moment(now_us if time_us is None else time_us)
        arrived = moment(now_us if server_time_us is None else server_time_us)
        for name, value in values.items():
            node, kind = self._nodes[name]
            variant = ua.Variant(None) if status >> 31 else ua.Variant(self._made(self._specs[name].type, value), kind)
            held = ua.DataValue(variant, ua.StatusCode(status), stamp, arrived)
            await self.server.write_attribute_value(node, held)
            if self._specs[name].history:
                self.memory.remember(node, held)

    async def add(self, nodes: Sequence[SimNode]) -> None:
        """Add variables (and the folders their names ask for)."""
        folders: dict[str, Any] = {"": self.server.get_objects_node()}
        for spec in nodes:
            parts = spec.name.split(".")
            parent = ""
            for depth in range(1, len(parts)):
                path = ".".join(parts[:depth])
                if path not in folders:
                    node = self.server.get_node(ua.NodeId(path, self.index))
                    with contextlib.suppress(ua.uaerrors.BadNodeIdUnknown):
                        await node.read_browse_name()
                        folders[path] = node
                if path not in folders:
                    folders[path] = await folders[parent].add_object(
                        ua.NodeId(path, self.index), ua.QualifiedName(parts[depth - 1], self.index)
                    )
                parent = path
            await self._variable(folders[parent], spec, parts[-1])

    async def _secure(self) -> None:
        if self.certificate is None or self.private_key is None:
            self.server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        else:
            await self.server.load_certificate(self.certificate)
            await self.server.load_private_key(self.private_key)
            self.server.set_security_policy(list(_SECURE))
            self.server.set_certificate_validator(self._check_client)
        tokens: list[Any] = [ua.UserNameIdentityToken]
        if self.users is None:
            tokens.append(ua.AnonymousIdentityToken)
        self.server.set_identity_tokens(tokens)

    async def _check_client(self, certificate: Any, application: Any) -> None:
        if not self.accept_client:
            raise ServiceError(ua.StatusCodes.BadCertificateUntrusted)

    async def _build(self) -> None:
        for name, words in self.types.enums.items():
            self._data_types[name] = (await new_enum(self.server, self.index, name, list(words))).nodeid
        for name, fields in self.types.structures.items():
            made = [self._field(f, kind) for f, kind in fields.items()]
            self._data_types[name] = (await new_struct(self.server, self.index, name, made))[0].nodeid
        if self._data_types:
            logging.getLogger("asyncua.common.structures104").setLevel(logging.ERROR)
            await self.server.load_data_type_definitions()
            for name in self.types.structures:
                self._classes[name] = getattr(ua, name)  # by name: other servers of this process use the same ids
        await self.add(self.nodes)

    def _field(self, name: str, kind: str) -> Any:
        plain = kind.removesuffix("[]")
        data_type = self._data_types.get(plain) or ua.VariantType[plain]
        return new_struct_field(name, data_type, array=kind.endswith("[]"))

    async def _variable(self, folder: Any, spec: SimNode, name: str) -> None:
        kind, data_type = self._kind(spec.type)
        value = self._made(spec.type, spec.value)
        made = await folder.add_variable(
            ua.NodeId(spec.name, self.index),
            ua.QualifiedName(name, self.index),
            ua.Variant(value, kind, is_array=isinstance(value, list)),
            datatype=data_type,
        )
        node = made.nodeid
        self._nodes[spec.name] = (node, kind)
        self._specs[spec.name] = spec
        level = (_WRITABLE if spec.writable else _READ_ONLY) | (_HISTORY if spec.history else 0)
        for attribute in (ua.AttributeIds.AccessLevel, ua.AttributeIds.UserAccessLevel):
            await self.server.write_attribute_value(node, _value(level, ua.VariantType.Byte), attribute)
        if spec.title:
            title = _value(ua.LocalizedText(spec.title, "en"), ua.VariantType.LocalizedText)
            await self.server.write_attribute_value(node, title, ua.AttributeIds.DisplayName)
        if spec.history:
            historizing = _value(True, ua.VariantType.Boolean)
            await self.server.write_attribute_value(node, historizing, ua.AttributeIds.Historizing)
        if spec.unit:
            await made.add_property(
                ua.NodeId(f"{spec.name}.EngineeringUnits", self.index),
                ua.QualifiedName("EngineeringUnits", 0),
                _unit(spec.unit),
            )
        await self.set({spec.name: spec.value})

    def _kind(self, name: str) -> tuple[ua.VariantType, Any]:
        if name in self.types.structures:
            return ua.VariantType.ExtensionObject, self._data_types[name]
        if name in self.types.enums:
            return ua.VariantType.Int32, self._data_types[name]
        kind = ua.VariantType[name]
        return kind, ua.NodeId(kind.value)

    def _made(self, kind: str, value: Any) -> Any:
        """Turn a description's value into asyncua's: structures from dictionaries, times from microseconds."""
        if isinstance(value, list):
            return [self._made(kind, item) for item in value]
        if kind in self.types.structures and isinstance(value, dict):
            fields = self.types.structures[kind]
            inner = {n: self._made(fields[n].removesuffix("[]"), held) for n, held in value.items()}
            return self._classes[kind](**inner)
        if kind == "DateTime" and isinstance(value, int):
            return moment(value)
        if kind == "LocalizedText" and isinstance(value, str):
            return ua.LocalizedText(value, "en")
        return value


def _value(value: Any, kind: ua.VariantType) -> ua.DataValue:
    return ua.DataValue(ua.Variant(value, kind))


def _unit(code: str) -> ua.EUInformation:
    """Make EUInformation from a UNECE code (OPC 10000-8 §5.6.3: the letters are the bytes of the id)."""
    return ua.EUInformation(
        NamespaceUri="http://www.opcfoundation.org/UA/units/un/cefact",
        UnitId=int.from_bytes(code.encode(), "big"),
        DisplayName=ua.LocalizedText(code),
        Description=ua.LocalizedText(code),
    )
