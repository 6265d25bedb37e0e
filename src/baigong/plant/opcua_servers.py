"""The machining cell and the press hall as real OPC UA servers, laid out after their companion specifications.

Browse names follow OPC 40001-1 (Machinery), OPC 40501-1 (Machine Tools) and OPC 40077 (EUROMAP 77); the
type nodes of those specifications are not loaded, so a client sees the structure, not the types.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asyncua import Server, ua

from baigong.plant.catalogue import DEVICES, Signal, signals
from baigong.plant.live import Shown
from baigong.plant.points import HOST, OPCUA_DEVICES, OPCUA_URIS, Ports, machine_name, node_path
from baigong.vocab.errors import FixConfiguration

_MACHINERY = "http://opcfoundation.org/UA/Machinery/"
_SPECIFICATION = {
    "cnc-cell": "http://opcfoundation.org/UA/MachineTool/",
    "press-hall": "http://opcfoundation.org/UA/PlasticsRubber/IMM2MES/",
}
_MAKERS = {"cnc-cell": ("百工精机 Baigong Machine Works", "VMC-850"), "press-hall": ("甬塑机械 Yongsu", "YS-160E")}
_WHOLE = {"state": ua.VariantType.Int32, "text": ua.VariantType.String}


@dataclass(slots=True)
class _Node:
    signal: Signal
    id: ua.NodeId
    type: ua.VariantType
    last: Any = None
    last_bad: int = -1

    def data(self, shown: Shown, source: datetime) -> ua.DataValue | None:
        """Make the value to write, None when nothing changed."""
        value = shown.values[self.signal.name]
        bad = shown.bad.get(self.signal.name, 0)
        if bad == self.last_bad and (bad or value == self.last):
            return None
        self.last, self.last_bad = value, bad
        made = None if bad else self._typed(value)
        return ua.DataValue(
            Value=ua.Variant(made, ua.VariantType.Null if bad else self.type),
            StatusCode=ua.StatusCode(bad << 16),
            SourceTimestamp=source,
            ServerTimestamp=source,
        )

    def _typed(self, value: float | str) -> Any:
        if self.type in (ua.VariantType.Int32, ua.VariantType.UInt32):
            return int(value)
        return value


@dataclass(slots=True)
class OpcUaServer:
    """One server with one machine per asset of its device."""

    device: str
    port: int
    _server: Server = field(init=False)
    _nodes: list[_Node] = field(default_factory=list)

    async def start(self) -> None:
        self._server = server = Server()
        await server.init()
        server.set_endpoint(f"opc.tcp://{HOST}:{self.port}")
        server.set_server_name(f"Baigong demo {self.device}")
        await server.set_application_uri(OPCUA_URIS[self.device])
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        own = await server.register_namespace(OPCUA_URIS[self.device])
        machinery = await server.register_namespace(_MACHINERY)
        specification = await server.register_namespace(_SPECIFICATION[self.device])
        machines = await server.nodes.objects.add_folder(
            ua.NodeId("Machines", own), ua.QualifiedName("Machines", machinery)
        )
        for asset in DEVICES[self.device]:
            await self._add_machine(machines, asset, own, machinery, specification)
        try:
            await server.start()
        except OSError as error:
            raise FixConfiguration(
                "bus.port_taken", f"port {self.port}: {error}", place=f"{HOST}:{self.port}"
            ) from error

    async def _add_machine(self, machines: Any, asset: str, own: int, machinery: int, specification: int) -> None:
        name = machine_name(asset)
        machine = await machines.add_object(ua.NodeId(name, own), ua.QualifiedName(name, own))
        plate = await machine.add_object(
            ua.NodeId(f"{name}.Identification", own), ua.QualifiedName("Identification", machinery)
        )
        maker, model = _MAKERS[self.device]
        plates = {
            "Manufacturer": maker,
            "Model": model,
            "SerialNumber": f"{model}-2021-00{asset[-1]}",
            "ProductInstanceUri": f"{OPCUA_URIS[self.device]}:{asset}",
            "YearOfConstruction": "2021",
        }
        for what, text in plates.items():
            await plate.add_property(
                ua.NodeId(f"{name}.Identification.{what}", own), ua.QualifiedName(what, machinery), text
            )
        folders: dict[str, Any] = {"": machine}
        for signal in signals(self.device):
            if signal.asset == asset:
                await self._add_variable(name, folders, signal, own, specification)

    async def _add_variable(self, name: str, folders: dict[str, Any], signal: Signal, own: int, spec: int) -> None:
        parts = signal.row.wire.split(".")
        above = ""
        for i in range(1, len(parts)):
            path = ".".join(parts[:i])
            if path not in folders:
                folders[path] = await folders[above].add_object(
                    ua.NodeId(f"{name}.{path}", own), ua.QualifiedName(parts[i - 1], spec)
                )
            above = path
        kind = _type_of(signal)
        start: Any = "" if kind == ua.VariantType.String else 0.0 if kind == ua.VariantType.Double else 0
        node_id = ua.NodeId(node_path(signal), own)
        node = await folders[above].add_variable(node_id, ua.QualifiedName(parts[-1], spec), start, kind)
        title = ua.DataValue(ua.Variant(ua.LocalizedText(signal.title_zh, "zh-CN"), ua.VariantType.LocalizedText))
        await node.write_attribute(ua.AttributeIds.Description, title)
        if signal.row.unit:
            unit = ua.EUInformation("http://unitsofmeasure.org", -1, ua.LocalizedText(signal.row.unit))
            await node.add_property(
                ua.NodeId(f"{node_path(signal)}.EngineeringUnits", own), ua.QualifiedName("EngineeringUnits", 0), unit
            )
        self._nodes.append(_Node(signal, node_id, kind))

    async def show(self, shown: Shown) -> None:
        """Write the nodes that changed, with the moment as source time."""
        source = datetime.fromtimestamp(shown.time_us / 1e6, UTC).replace(tzinfo=None)  # asyncua wants naive UTC
        for node in self._nodes:
            data = node.data(shown, source)
            if data is not None:
                await self._server.write_attribute_value(node.id, data)

    async def stop(self) -> None:
        await self._server.stop()


def _type_of(signal: Signal) -> ua.VariantType:
    if signal.row.kind in _WHOLE:
        return _WHOLE[signal.row.kind]
    if signal.row.kind == "counter" and signal.row.step >= 1.0:
        return ua.VariantType.UInt32
    return ua.VariantType.Double


def opcua_servers(ports: Ports) -> list[OpcUaServer]:
    return [OpcUaServer(device, ports.of(device)) for device in OPCUA_DEVICES]
