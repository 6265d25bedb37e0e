/** Gateways: where each may connect to. */
import type { components } from '../wire/openapi'
import { askJson } from './http'

export type GatewayNetworks = components['schemas']['GatewayNetworks']

export const gateways = {
  networks: () => askJson<GatewayNetworks[]>('/gateways/networks'),
  putNetworks: (gateway: string, text: string) => askJson<GatewayNetworks>(`/gateways/${encodeURIComponent(gateway)}/networks`, { method: 'PUT', json: { text } }),
}
