"""Every point of the demo plant: what it is called, its unit, how finely it is shown, how it travels.

One row per quantity of a machine; machines of one type share rows. ``every``: seconds between rows of
history (0: on change and once an hour). ``wire``: for Modbus a type with an optional scale
(``uint16*0.1``, ``bit:3``), for OPC UA a path below the machine, for MQTT a key of the JSON payload.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from baigong.plant.physics import air, furnace
from baigong.plant.physics.meters import ROLLOVER_KWH
from baigong.plant.physics.noise import Floats
from baigong.plant.physics.schedule import STATE_WORDS
from baigong.plant.physics.water import MAKEUP_ROLLOVER_L
from baigong.vocab.devices import AssetWords, Kind

Words = Mapping[str, tuple[str, str]]  # code of a state -> what it is called, in English and Chinese
_SWITCH = {"0": ("no", "否"), "1": ("yes", "是")}
_RUNS = {"0": ("stopped", "停止"), "1": ("running", "运行")}


class Row(NamedTuple):
    """``step``: the smallest difference the sensor or display can show."""

    quantity: str
    title: str
    title_zh: str
    unit: str
    step: float
    every: int
    wire: str
    kind: Kind = "gauge"
    states: Words = MappingProxyType({})
    rollover: float = 0.0


@dataclass(slots=True, frozen=True)
class Signal:
    """A row on one machine."""

    asset: str
    device: str
    row: Row

    @property
    def name(self) -> str:
        return f"{self.asset}.{self.row.quantity}"

    @property
    def title_zh(self) -> str:
        """Asset and quantity in one, as a machine's own description says it."""
        return f"{ASSETS[self.asset].title_zh} {self.row.title_zh}"


ASSETS = {
    "cnc1": AssetWords(title="Machining centre 1", title_zh="加工中心1"),
    "cnc2": AssetWords(title="Machining centre 2", title_zh="加工中心2"),
    "cnc3": AssetWords(title="Machining centre 3", title_zh="加工中心3"),
    "furnace1": AssetWords(title="Hardening furnace 1", title_zh="淬火炉1"),
    "press1": AssetWords(title="Moulding press 1", title_zh="注塑机1"),
    "press2": AssetWords(title="Moulding press 2", title_zh="注塑机2"),
    "press3": AssetWords(title="Moulding press 3", title_zh="注塑机3"),
    "press_old": AssetWords(title="Old press", title_zh="旧压机"),
    "pump1": AssetWords(title="Cooling pump 1", title_zh="冷却泵1"),
    "pump2": AssetWords(title="Cooling pump 2", title_zh="冷却泵2"),
    "cooling": AssetWords(title="Cooling water station", title_zh="冷却水站"),
    "comp1": AssetWords(title="Compressor 1", title_zh="空压机1"),
    "comp2": AssetWords(title="Compressor 2", title_zh="空压机2"),
    "air": AssetWords(title="Compressed air station", title_zh="空压站"),
    "meter_main": AssetWords(title="Main meter", title_zh="总电表"),
    "meter_press": AssetWords(title="Moulding hall meter", title_zh="注塑车间电表"),
    "meter_cnc": AssetWords(title="Machining hall meter", title_zh="机加车间电表"),
    "meter_utility": AssetWords(title="Utilities meter", title_zh="动力站电表"),
    "hall": AssetWords(title="Moulding hall", title_zh="注塑车间"),
    "lab": AssetWords(title="Measuring room", title_zh="计量室"),
}

_PUMP = (
    Row("flow", "Flow", "流量", "m3/h", 0.01, 30, "float32"),
    Row("discharge_pressure", "Discharge pressure", "出口压力", "bar", 0.001, 60, "float32"),
    Row("suction_pressure", "Suction pressure", "入口压力", "bar", 0.001, 60, "float32"),
    Row("speed", "Speed", "转速", "/min", 1, 60, "uint16"),
    Row("power", "Power", "功率", "kW", 0.01, 30, "float32"),
    Row("current", "Current", "电流", "A", 0.01, 60, "uint16*0.01"),
    Row("bearing_temp", "Bearing temperature", "轴承温度", "Cel", 0.1, 60, "int16*0.1"),
    Row("winding_temp", "Winding temperature", "绕组温度", "Cel", 0.1, 60, "int16*0.1"),
    Row("vibration", "Bearing vibration, RMS", "轴承振动有效值", "mm/s", 0.01, 10, "float32"),
    Row("envelope", "Bearing envelope", "轴承包络值", "[g]", 0.001, 30, "float32"),
    Row("running", "Running", "运行", "", 1, 0, "bit:0", "state", _RUNS),
    Row("alarm", "Vibration alarm", "振动报警", "", 1, 0, "bit:3", "state", _SWITCH),
    Row("hours", "Operating hours", "运行小时", "h", 0.1, 60, "uint32*0.1", "counter"),
)
_COOLING = (
    Row("supply_temp", "Supply temperature", "供水温度", "Cel", 0.01, 10, "float32"),
    Row("return_temp", "Return temperature", "回水温度", "Cel", 0.01, 30, "float32"),
    Row("header_pressure", "Header pressure", "母管压力", "bar", 0.001, 60, "float32"),
    Row("flow", "Total flow", "总流量", "m3/h", 0.01, 60, "float32"),
    Row("setpoint", "Supply temperature set-point", "供水温度设定", "Cel", 0.1, 0, "int16*0.1", "setpoint"),
    Row("valve_command", "Valve command", "调节阀指令", "%", 0.1, 10, "uint16*0.1"),
    Row("valve_position", "Valve position", "调节阀开度", "%", 0.1, 10, "uint16*0.1"),
    Row("tank_level", "Tank level", "水箱液位", "%", 0.1, 60, "uint16*0.1"),
    Row(
        "makeup_water", "Make-up water", "补水累计", "L", 0.01, 60, "uint32*0.01", "counter", rollover=MAKEUP_ROLLOVER_L
    ),
    Row("outdoor_temp", "Outdoor temperature", "室外温度", "Cel", 0.1, 60, "int16*0.1"),
    Row("low_level", "Tank level low", "水箱低液位", "", 1, 0, "bit:0", "state", _SWITCH),
)
_COMPRESSOR = (
    Row("state", "State", "状态", "", 1, 0, "uint16", "state", air.STATE_WORDS),
    Row("power", "Power", "功率", "kW", 0.1, 10, "uint16*0.1"),
    Row("current", "Current", "电流", "A", 0.1, 60, "uint16*0.1"),
    Row("discharge_pressure", "Discharge pressure", "排气压力", "bar", 0.01, 60, "uint16*0.01"),
    Row("discharge_temp", "Discharge temperature", "排气温度", "Cel", 0.1, 60, "int16*0.1"),
    Row("oil_temp", "Oil temperature", "油温", "Cel", 0.1, 60, "int16*0.1"),
    Row("hours", "Operating hours", "运行小时", "h", 0.1, 60, "uint32*0.1", "counter"),
    Row("load_hours", "Loaded hours", "加载小时", "h", 0.1, 60, "uint32*0.1", "counter"),
    Row("loads", "Load cycles", "加载次数", "", 1, 60, "uint32", "counter"),
)
_AIR = (
    Row("receiver_pressure", "Receiver pressure", "储气罐压力", "bar", 0.001, 10, "float32"),
    Row("header_pressure", "Network pressure", "管网压力", "bar", 0.001, 10, "float32"),
    Row("flow", "Air consumption", "用气量", "m3/min", 0.01, 30, "float32"),
    Row("filter_drop", "Filter pressure drop", "过滤器压差", "bar", 0.001, 60, "float32"),
    Row("dew_point", "Dew point", "露点", "Cel", 0.1, 60, "int16*0.1"),
    Row("dryer_on", "Dryer running", "干燥机运行", "", 1, 0, "bit:1", "state", _RUNS),
)
_FURNACE = (
    Row("segment", "Programme segment", "程序段", "", 1, 0, "uint16", "state", furnace.SEGMENT_WORDS),
    Row("batch", "Batch", "炉次", "", 1, 0, "uint16", "counter", rollover=60_000.0),
    Row("setpoint", "Set temperature", "设定温度", "Cel", 0.1, 60, "float32", "setpoint"),
    *(Row(f"zone{z}_temp", f"Zone {z} temperature", f"{z}区温度", "Cel", 0.1, 30, "float32") for z in (1, 2, 3)),
    *(Row(f"zone{z}_output", f"Zone {z} output", f"{z}区输出", "%", 0.1, 60, "uint16*0.1") for z in (1, 2, 3)),
    Row("load_temp", "Load temperature", "工件温度", "Cel", 0.1, 30, "float32"),
    Row("o2", "Oxygen in the furnace", "炉内氧含量", "[ppm]", 0.1, 60, "float32"),
    Row("n2_flow", "Nitrogen flow", "氮气流量", "m3/h", 0.1, 60, "float32"),
    Row("fan_current", "Fan current", "循环风机电流", "A", 0.1, 60, "uint16*0.1"),
    Row("shell_temp", "Shell temperature", "炉壳温度", "Cel", 0.1, 60, "int16*0.1"),
    Row("water_out_temp", "Cooling water outlet temperature", "冷却水出口温度", "Cel", 0.1, 60, "int16*0.1"),
    Row("power", "Power", "功率", "kW", 0.1, 30, "float32"),
    Row("energy", "Energy", "累计电能", "W.h", 1, 60, "int64", "counter"),
    Row("door_open", "Door open", "炉门打开", "", 1, 0, "bit:0", "state", _SWITCH),
    Row("heating", "Heating", "加热中", "", 1, 0, "bit:1", "state", _SWITCH),
    Row("over_temp", "Over-temperature limiter", "超温限制器", "", 1, 0, "bit:7", "state", _SWITCH),
)
_METER = (
    Row("energy", "Active energy", "有功电能", "kW.h", 0.1, 60, "uint32*0.1", "counter", rollover=ROLLOVER_KWH),
    Row("power", "Active power", "有功功率", "kW", 0.01, 30, "float32"),
    Row("voltage", "Line voltage", "线电压", "V", 0.1, 60, "uint16*0.1"),
    Row("current_a", "Current L1", "A相电流", "A", 0.1, 60, "uint16*0.1"),
    Row("current_b", "Current L2", "B相电流", "A", 0.1, 60, "uint16*0.1"),
    Row("current_c", "Current L3", "C相电流", "A", 0.1, 60, "uint16*0.1"),
    Row("power_factor", "Power factor", "功率因数", "", 0.001, 60, "int16*0.001"),
    Row("frequency", "Frequency", "频率", "Hz", 0.01, 60, "uint16*0.01"),
)
# Paths below a machine tool, after OPC 40501-1 (Machine Tools): Monitoring, Production, Equipment.
_CNC = (
    Row("state", "State", "状态", "", 1, 0, "Monitoring.MachineTool.State", "state", STATE_WORDS),
    Row("power", "Power", "功率", "kW", 0.01, 60, "Monitoring.MachineTool.Power"),
    Row("hours", "Cutting hours", "切削小时", "h", 0.01, 60, "Monitoring.MachineTool.CuttingHours", "counter"),
    Row("door", "Door open", "门打开", "", 1, 0, "Monitoring.MachineTool.DoorOpen", "state", _SWITCH),
    Row("feed_override", "Feed override", "进给倍率", "%", 1, 0, "Monitoring.Channel1.FeedOverride"),
    Row("feed_rate", "Feed rate", "进给速度", "mm/min", 1, 60, "Monitoring.Channel1.FeedRate"),
    Row("x", "X position", "X轴位置", "mm", 0.001, 60, "Monitoring.Channel1.X.ActualPosition"),
    Row("y", "Y position", "Y轴位置", "mm", 0.001, 60, "Monitoring.Channel1.Y.ActualPosition"),
    Row("z", "Z position", "Z轴位置", "mm", 0.001, 60, "Monitoring.Channel1.Z.ActualPosition"),
    Row("spindle_speed", "Spindle speed", "主轴转速", "/min", 1, 60, "Monitoring.Spindle1.Speed"),
    Row("spindle_load", "Spindle load", "主轴负载", "%", 0.1, 30, "Monitoring.Spindle1.Load"),
    Row("spindle_temp", "Spindle temperature", "主轴温度", "Cel", 0.1, 60, "Monitoring.Spindle1.Temperature"),
    Row("vibration", "Spindle vibration", "主轴振动", "mm/s", 0.01, 30, "Monitoring.Spindle1.Vibration"),
    Row("tool", "Tool number", "刀具号", "", 1, 0, "Equipment.Tools.Active.ControlIdentifier"),
    Row("tool_life", "Tool life used", "刀具寿命已用", "%", 0.1, 60, "Equipment.Tools.Active.Life"),
    Row("coolant_temp", "Coolant temperature", "切削液温度", "Cel", 0.1, 60, "Equipment.Coolant.Temperature"),
    Row("coolant_level", "Coolant level", "切削液液位", "%", 0.1, 60, "Equipment.Coolant.Level"),
    Row("program", "Program", "程序", "", 1, 0, "Production.ActiveProgram.Name", "text"),
    Row("order", "Order", "工单", "", 1, 0, "Production.ActiveJob.Identifier", "text"),
    Row("product", "Part", "工件", "", 1, 0, "Production.ActiveJob.Part", "text"),
    Row("parts", "Parts completed", "完工件数", "", 1, 60, "Production.ActiveJob.PartsCompleted", "counter"),
)
# Paths below a press, after OPC 40077 (EUROMAP 77): MachineStatus, InjectionUnits, Moulds, Jobs.
_JOB = "Jobs.ActiveJobValues"
_PRESS = (
    Row("state", "State", "状态", "", 1, 0, "MachineStatus.State", "state", STATE_WORDS),
    Row("power", "Power", "功率", "kW", 0.01, 60, "MachineStatus.Power"),
    Row("oil_temp", "Oil temperature", "油温", "Cel", 0.1, 60, "MachineStatus.OilTemperature"),
    Row("clamp_force", "Clamping force", "锁模力", "kN", 1, 60, "ClampingUnits.ClampingUnit_1.ClampForce"),
    Row(
        "injection_pressure",
        "Injection pressure",
        "注射压力",
        "bar",
        0.1,
        60,
        "InjectionUnits.InjectionUnit_1.Pressure",
    ),
    Row("screw_position", "Screw position", "螺杆位置", "mm", 0.01, 60, "InjectionUnits.InjectionUnit_1.ScrewPosition"),
    Row("melt_temp", "Melt temperature", "熔体温度", "Cel", 0.1, 30, "InjectionUnits.InjectionUnit_1.MeltTemperature"),
    *(
        Row(
            f"zone{z}_temp",
            f"Barrel zone {z} temperature",
            f"料筒{z}区温度",
            "Cel",
            0.1,
            60,
            f"InjectionUnits.InjectionUnit_1.Zone_{z}.Temperature",
        )
        for z in (1, 2, 3)
    ),
    Row("cavity_pressure", "Cavity pressure", "模腔压力", "bar", 0.1, 30, "Moulds.Mould_1.CavityPressure"),
    Row("cavity_peak", "Peak cavity pressure", "模腔压力峰值", "bar", 0.1, 30, f"{_JOB}.CavityPressurePeak"),
    Row("mould_temp", "Mould temperature", "模具温度", "Cel", 0.1, 60, "Moulds.Mould_1.Temperature"),
    Row("mould", "Mould", "模具", "", 1, 0, "Moulds.Mould_1.Id", "text"),
    Row("order", "Order", "工单", "", 1, 0, f"{_JOB}.JobName", "text"),
    Row("product", "Product", "产品", "", 1, 0, f"{_JOB}.PartId", "text"),
    Row("shots", "Shots", "模次", "", 1, 60, f"{_JOB}.MachineCycleCounter", "counter"),
    Row("good_parts", "Good parts", "合格件数", "", 1, 60, f"{_JOB}.JobGoodPartsCounter", "counter"),
    Row("rejects", "Rejects", "废品数", "", 1, 60, f"{_JOB}.JobBadPartsCounter", "counter"),
    Row("cycle_time", "Cycle time", "周期时间", "s", 0.01, 60, f"{_JOB}.LastCycleTime"),
    Row("injection_time", "Injection time", "注射时间", "s", 0.001, 60, f"{_JOB}.InjectionTime"),
    Row("cushion", "Cushion", "料垫", "mm", 0.01, 60, f"{_JOB}.Cushion"),
)
_OLD_PRESS = (
    Row("current", "Current", "电流", "A", 0.01, 10, "current"),
    Row("battery", "Sensor battery", "传感器电池", "V", 0.01, 60, "battery"),
    Row("signal", "Radio signal", "无线信号强度", "dB", 1, 60, "rssi"),
)
_HALL = (
    Row("temp", "Room temperature", "室温", "Cel", 0.1, 60, "hall.temperature"),
    Row("humidity", "Humidity", "湿度", "%", 0.1, 60, "hall.humidity"),
    Row("co2", "Carbon dioxide", "二氧化碳", "[ppm]", 1, 60, "hall.co2"),
)
_LAB = (
    Row("temp", "Room temperature", "室温", "Cel", 0.01, 60, "lab.temperature"),
    Row("humidity", "Humidity", "湿度", "%", 0.1, 60, "lab.humidity"),
    Row("pressure", "Air pressure", "气压", "hPa", 0.1, 60, "lab.pressure"),
)

# Device -> the machines read through it. A meter is a unit of its own behind one gateway box.
DEVICES: dict[str, dict[str, tuple[Row, ...]]] = {
    "pump-plc": {"pump1": _PUMP, "pump2": _PUMP, "cooling": _COOLING},
    "air-controller": {"comp1": _COMPRESSOR, "comp2": _COMPRESSOR, "air": _AIR},
    "furnace-plc": {"furnace1": _FURNACE},
    "meter-main": {"meter_main": _METER},
    "meter-press": {"meter_press": _METER},
    "meter-cnc": {"meter_cnc": _METER},
    "meter-utility": {"meter_utility": _METER},
    "cnc-cell": {"cnc1": _CNC, "cnc2": _CNC, "cnc3": _CNC},
    "press-hall": {"press1": _PRESS, "press2": _PRESS, "press3": _PRESS},
    "old-press-clamp": {"press_old": _OLD_PRESS},
    "room-climate": {"hall": _HALL, "lab": _LAB},
}


def signals(device: str | None = None) -> Iterator[Signal]:
    """Go through all points, of one device or of the plant."""
    for name, machines in DEVICES.items():
        if device in (None, name):
            for asset, rows in machines.items():
                for row in rows:
                    yield Signal(asset, name, row)


def rounded(row: Row, values: Floats) -> Floats:
    """Show a value as the machine shows it; multiplying by a whole number keeps decimals exact."""
    if row.step >= 1.0:
        return np.rint(values / row.step) * row.step
    per_unit = round(1.0 / row.step)
    result: Floats = np.rint(values * per_unit) / per_unit
    return result
