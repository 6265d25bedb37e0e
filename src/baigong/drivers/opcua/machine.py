"""A plausible machining centre for the simulator: what a newcomer sees when browsing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, frozen=True)
class SimNode:
    """One variable: ``name`` with dots makes folders; the node id is ``s=<name>``.

    ``type``: a built-in type of OPC UA (``Double``, ``Int64``, ``String``…), the name of an entry of
    ``SimTypes.structures`` or ``SimTypes.enums``. A list as value makes an array. ``unit``: UNECE code, as in
    ``CEL``. ``history``: whether the server remembers what was set.
    """

    name: str
    value: Any
    type: str = "Double"
    unit: str = ""
    title: str = ""
    history: bool = False
    writable: bool = False


@dataclass(slots=True, frozen=True)
class SimTypes:
    """Types the server defines itself: structure -> {field: type}, enumeration -> words from 0."""

    structures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    enums: Mapping[str, Sequence[str]] = field(default_factory=dict)


MACHINE_TYPES = SimTypes(
    structures={
        "AxisState": {"Position": "Double", "Speed": "Double", "Moving": "Boolean", "Label": "String"},
        "ToolState": {"Number": "UInt16", "Life": "Float", "Wear": "Double[]", "Axis": "AxisState"},
    },
    enums={"MachineMode": ("Off", "Setup", "Automatic", "Alarm")},
)


def machine_nodes() -> list[SimNode]:
    """Describe the machine: axes, spindle, coolant, energy, counters, a tool magazine and its structures."""
    return [*_controller(), *_axes(), *_magazine()]


def _controller() -> list[SimNode]:
    return [
        SimNode("Machine.Name", "VMC-850", "String", title="Machine name"),
        SimNode("Machine.Serial", 4503599627370497 * 4, "Int64", title="Serial number"),
        SimNode("Machine.Mode", 2, "MachineMode", title="Operating mode", writable=True),
        SimNode("Machine.Running", True, "Boolean"),
        SimNode("Machine.Temp", 21.5, unit="CEL", title="Cabinet temperature", history=True),
        SimNode("Machine.Parts", 1200, "UInt32", title="Parts made", history=True),
        SimNode("Machine.Cycles", 9007199254740995, "UInt64", title="Control cycles since built"),
        SimNode("Machine.Started", 0, "DateTime", title="Switched on"),
        SimNode("Machine.Program", "O1000", "String", title="NC program"),
        SimNode("Machine.Message", "", "LocalizedText", title="Operator message"),
        SimNode("Machine.Spectrum", [0.5, 1.25, 2.5, 5.0, 7.5, 3.25, 1.5, 0.25], "Float", title="Vibration bands"),
        SimNode("Machine.Temps", [21.0, 22.0, 23.0, 24.0], unit="CEL", title="Temperatures"),
        SimNode("Machine.Names", ["rough", "finish"], "String", title="Operations"),
        SimNode("Machine.AxisX", {"Position": 12.5, "Speed": 3.0, "Moving": True, "Label": "X"}, "AxisState"),
        SimNode(
            "Machine.Tool",
            {
                "Number": 7,
                "Life": 0.75,
                "Wear": [0.01, 0.02],
                "Axis": {"Position": 1.0, "Speed": 0.0, "Moving": False, "Label": "T"},
            },
            "ToolState",
        ),
        SimNode(
            "Machine.Axes",
            [{"Position": float(i), "Speed": 0.0, "Moving": False, "Label": "XYZ"[i]} for i in range(3)],
            "AxisState",
        ),
    ]


def _axes() -> list[SimNode]:
    nodes: list[SimNode] = []
    for i, axis in enumerate(("X", "Y", "Z", "A", "C")):
        nodes += [
            SimNode(f"Axes.{axis}.Position", 10.0 * i, unit="MMT"),
            SimNode(f"Axes.{axis}.Load", 20.0 + i, unit="P1"),
            SimNode(f"Axes.{axis}.Current", 3.0 + i, "Float", unit="AMP"),
            SimNode(f"Axes.{axis}.Temp", 30.0 + i, unit="CEL"),
            SimNode(f"Axes.{axis}.Homed", True, "Boolean"),
        ]
    return [
        *nodes,
        SimNode("Spindle.Speed", 12000.0, unit="RPM", history=True),
        SimNode("Spindle.Torque", 11.5, unit="NU"),
        SimNode("Spindle.Vibration", 1.8, unit="C16"),
        SimNode("Coolant.Pressure", 42.0, unit="BAR"),
        SimNode("Coolant.Level", 81.0, unit="P1"),
        SimNode("Energy.Power", 7.25, unit="KWT"),
        SimNode("Energy.Total", 183264.5, unit="KWH"),
    ]


def _magazine() -> list[SimNode]:
    nodes: list[SimNode] = []
    for i in range(1, 41):
        nodes += [
            SimNode(f"Magazine.T{i:02}.Life", 1.0 - i / 100, "Float", title=f"Tool {i} life"),
            SimNode(f"Magazine.T{i:02}.Uses", i * 10, "UInt32", title=f"Tool {i} uses"),
            SimNode(f"Magazine.T{i:02}.Offset", -i / 10, unit="MMT", title=f"Tool {i} offset"),
            SimNode(f"Magazine.T{i:02}.Worn", i % 7 == 0, "Boolean", title=f"Tool {i} worn"),
        ]
    return nodes
