/** All symbols: how each is drawn, what can be shown on it, and where pipes and wires meet it. */
import type { ComponentType } from 'react'
import { type Slot, type SymbolName, SYMBOLS } from '../core/screens'
import { Breaker } from './Breaker'
import { Compressor } from './Compressor'
import { Conveyor } from './Conveyor'
import { Drive } from './Drive'
import { Fan } from './Fan'
import { Filter } from './Filter'
import { HeatExchanger } from './HeatExchanger'
import { Light } from './Light'
import { Machine } from './Machine'
import { Meter } from './Meter'
import { Motor } from './Motor'
import type { DrawProps } from './Parts'
import { around, inOut, type Port } from './ports'
import { Pump } from './Pump'
import { Robot } from './Robot'
import { Sensor } from './Sensor'
import { Tank } from './Tank'
import { Transformer } from './Transformer'
import { Valve } from './Valve'
import { Vessel } from './Vessel'

export interface SymbolKind {
  component: ComponentType<DrawProps>
  /** What can be shown on it, the most usual first. */
  slots: readonly Slot[]
  /** Width and height of a new one, in drawing units. */
  size: readonly [number, number]
  ports: readonly Port[]
}

const HIGH: readonly Port[] = [
  { name: 'in', x: 0.5, y: 0, side: 'top' },
  { name: 'out', x: 0.5, y: 1, side: 'bottom' },
]
const HELD: readonly Port[] = [
  ...around,
  { name: 'inlet', x: 0, y: 0.2, side: 'left' },
  { name: 'outlet', x: 1, y: 0.8, side: 'right' },
  { name: 'overflow', x: 1, y: 0.2, side: 'right' },
  { name: 'drain', x: 0, y: 0.8, side: 'left' },
]
const VALVE: readonly Port[] = [
  { name: 'in', x: 0, y: 2 / 3, side: 'left' },
  { name: 'out', x: 1, y: 2 / 3, side: 'right' },
]
const DRIVEN: readonly Slot[] = ['running', 'fault', 'speed']
const HOLDS: readonly Slot[] = ['level', 'set_point', 'fault']

export const KINDS: Readonly<Record<SymbolName, SymbolKind>> = {
  pump: { component: Pump, slots: DRIVEN, size: [64, 64], ports: around },
  valve: { component: Valve, slots: ['open', 'value', 'set_point', 'fault'], size: [48, 48], ports: VALVE },
  tank: { component: Tank, slots: HOLDS, size: [112, 160], ports: HELD },
  vessel: { component: Vessel, slots: HOLDS, size: [80, 160], ports: HELD },
  motor: { component: Motor, slots: DRIVEN, size: [56, 48], ports: [{ name: 'shaft', x: 1, y: 0.5, side: 'right' }, { name: 'supply', x: 0.46, y: 0, side: 'top' }] },
  drive: { component: Drive, slots: DRIVEN, size: [56, 56], ports: HIGH },
  fan: { component: Fan, slots: DRIVEN, size: [64, 64], ports: around },
  compressor: { component: Compressor, slots: DRIVEN, size: [72, 72], ports: around },
  conveyor: { component: Conveyor, slots: DRIVEN, size: [240, 32], ports: inOut },
  machine: { component: Machine, slots: DRIVEN, size: [144, 96], ports: around },
  robot: { component: Robot, slots: DRIVEN, size: [96, 96], ports: [] },
  heat_exchanger: { component: HeatExchanger, slots: ['running', 'value', 'fault'], size: [64, 64], ports: around },
  filter: { component: Filter, slots: ['value', 'fault'], size: [64, 48], ports: inOut },
  sensor: { component: Sensor, slots: ['value', 'fault'], size: [56, 56], ports: around },
  meter: { component: Meter, slots: ['value', 'fault'], size: [80, 64], ports: HIGH },
  breaker: { component: Breaker, slots: ['open', 'fault'], size: [40, 56], ports: HIGH },
  transformer: { component: Transformer, slots: ['running', 'value', 'fault'], size: [56, 88], ports: HIGH },
  light: { component: Light, slots: ['running', 'fault'], size: [40, 40], ports: [] },
}

export const isSymbol = (what: string): what is SymbolName => (SYMBOLS as readonly string[]).includes(what)
