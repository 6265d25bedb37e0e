"""The demo plant: a Ningbo mould maker, computed, with real protocol servers and thirty days of past."""

from baigong.plant.episodes import episodes, faults
from baigong.plant.faults import (
    FAULTS,
    Fault,
    FaultRun,
    Scenario,
    active_fault,
    first_scenario,
    load_scenario,
    save_scenario,
    set_fault,
)
from baigong.plant.points import MQTT_DEVICES, Ports, devices, free_ports, numbers
from baigong.plant.tour import Step, tour

__all__ = [
    "FAULTS",
    "MQTT_DEVICES",
    "Fault",
    "FaultRun",
    "Ports",
    "Scenario",
    "Step",
    "active_fault",
    "devices",
    "episodes",
    "faults",
    "first_scenario",
    "free_ports",
    "load_scenario",
    "numbers",
    "save_scenario",
    "set_fault",
    "tour",
]
