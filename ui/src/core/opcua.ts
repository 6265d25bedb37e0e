/** How SCADA systems get in by OPC UA: what the server says of itself. */
import type { components } from '../wire/openapi'
import { askJson } from './http'

export type OpcUaWay = components['schemas']['OpcUaWay']
export type OpcUaState = components['schemas']['OpcUaState']

export const opcua = { way: (signal?: AbortSignal) => askJson<OpcUaWay>('/opcua', { signal }) }

/** What is typed to let the application in that waits first. */
export const TRUST = 'baigong opcua clients\nbaigong opcua trust SHA256'
export const SWITCH_ON = 'baigong up --opcua-port 4840'
