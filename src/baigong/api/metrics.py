"""Our own numbers for Prometheus, in a registry of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from baigong.api.rooms import OpcUaState


class Metrics:
    """``read``: returns the present values of gauges, by name."""

    def __init__(self, read: Callable[[], dict[str, float]]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "baigong_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.duration = Histogram(
            "baigong_http_request_seconds",
            "Time to the last byte handed over",
            ["route"],
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
            registry=self.registry,
        )
        self.ingested = Counter("baigong_ingest_values", "Values accepted over HTTP", registry=self.registry)
        self.refused = Counter("baigong_http_refused", "Requests refused, by code", ["code"], registry=self.registry)
        self.refused_us: dict[str, int] = {}  # code -> when last
        self.registry.register(_Gauges(read))

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def refuse(self, code: str, now_us: int) -> None:
        self.refused.labels(code).inc()
        self.refused_us[code] = now_us

    def refused_by_code(self) -> dict[str, int]:
        return {
            sample.labels["code"]: int(sample.value)
            for family in self.refused.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        }


def opcua_gauges(state: OpcUaState | None) -> dict[str, float]:
    """Return what the OPC UA server counts, by the names of gauges."""
    if state is None:
        return {}
    names = ("sessions", "subscriptions", "items", "values", "dropped", "refused_people", "refused_applications")
    return {f"opcua_{name}": float(getattr(state, name)) for name in names} | {
        f"opcua_refused_{code.removeprefix('opcua.')}": float(count) for code, count in state.refused.items()
    }


class _Gauges(Collector):
    def __init__(self, read: Callable[[], dict[str, float]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Any]:
        for name, value in self._read().items():
            yield GaugeMetricFamily(f"baigong_{name}", name.replace("_", " "), value=value)
