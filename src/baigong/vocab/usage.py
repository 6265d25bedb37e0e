"""What is counted of every company, in one list: names, units and words, the same in the lake, bills and on pages.

A measure is a point of the platform's own tenant: ``company.<tenant>.usage.<measure>``. Counters only grow (but for a
lake restored from a backup), so that what happened between two moments is their difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PLATFORM = "platform"  # the tenant whose points tell of all others
DEVICE = "usage"
POSITION = "platform.usage.position"


@dataclass(slots=True, frozen=True)
class Measure:
    """``kind``: a counter, or a gauge that holds until the next value. ``unit``: UCUM."""

    name: str
    kind: Literal["counter", "gauge"]
    unit: str
    title: str
    title_zh: str


MEASURES: tuple[Measure, ...] = (
    Measure("values", "counter", "{value}", "values accepted", "已接收数据"),
    Measure("slowed", "counter", "{count}", "times told to wait", "被限速次数"),
    Measure("calls", "counter", "{call}", "API calls", "接口调用"),
    Measure("calls_failed", "counter", "{call}", "API calls refused or failed", "失败的接口调用"),
    Measure("queries", "counter", "{query}", "SQL queries", "SQL 查询"),
    Measure("queries_failed", "counter", "{query}", "SQL queries that failed", "失败的 SQL 查询"),
    Measure("query_s", "counter", "s", "CPU of SQL queries", "SQL 查询 CPU 时间"),
    Measure("mqtt_messages", "counter", "{message}", "MQTT messages", "MQTT 消息"),
    Measure("mqtt_connections", "gauge", "{connection}", "MQTT connections", "MQTT 连接"),
    Measure("storage_bytes", "gauge", "By", "storage: lake, documents, screens", "存储:数据湖、文档与画面"),
    Measure("points", "gauge", "{point}", "points", "测点"),
    Measure("devices", "gauge", "{device}", "devices", "采集连接"),
    Measure("devices_connected", "gauge", "{device}", "devices connected", "在线采集连接"),
    Measure("people", "gauge", "{person}", "people", "人员"),
    Measure("flows", "gauge", "{flow}", "flows", "逻辑流"),
    Measure("models", "gauge", "{model}", "models", "模型"),
    Measure("apps", "gauge", "{app}", "apps", "工业APP"),
    # What was corrected by hand afterwards: each row is an amount that belongs to the month of its time.
    Measure("values_correction", "gauge", "{value}", "correction of values", "已接收数据更正"),
    Measure("query_s_correction", "gauge", "s", "correction of query seconds", "查询时间更正"),
    Measure("storage_correction", "gauge", "GBy.mo", "correction of storage", "存储更正"),
    Measure("points_correction", "gauge", "{point}.mo", "correction of points", "测点更正"),
    # Reserved: nobody measures it yet, so it has no rows. A figure that was only claimed is none.
    Measure("benefit", "counter", "{currency}", "benefit", "效益"),
)
BY_NAME = {measure.name: measure for measure in MEASURES}
COUNTERS = tuple(m.name for m in MEASURES if m.kind == "counter" and m.name != "benefit")
CORRECTED = ("values", "query_s", "storage", "points")  # what may be corrected: what is billed
GAUGES = tuple(m.name for m in MEASURES if m.kind == "gauge" and not m.name.endswith("_correction"))


def point_name(tenant: str, measure: str) -> str:
    """Return the name of a company's point.

    >>> point_name("mould", "values")
    'company.mould.usage.values'
    """
    return f"company.{tenant}.usage.{measure}"
