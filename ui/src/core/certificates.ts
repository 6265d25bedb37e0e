/** Certificates of machines: the calls, and the commands a person copies. */
import type { Topics } from '../wire/api'
import type { IssuedCertificate, MachineCertificate, MqttWay } from '../wire/machines'
import { askJson, query } from './http'

const id = encodeURIComponent

export type Reason = 'unspecified' | 'key_compromise' | 'superseded' | 'cessation_of_operation' | 'affiliation_changed' | 'privilege_withdrawn'
export const REASONS: Reason[] = ['key_compromise', 'superseded', 'cessation_of_operation', 'affiliation_changed', 'privilege_withdrawn', 'unspecified']

export const certificates = {
  list: (device: string) => askJson<MachineCertificate[]>(`/certificates${query({ device })}`),
  enrol: (device: string, csr: string | null) => askJson<IssuedCertificate>('/certificates', { method: 'POST', json: { device, csr } }),
  rotate: (serial: string, csr: string | null) => askJson<IssuedCertificate>(`/certificates/${id(serial)}/rotate`, { method: 'POST', json: { csr } }),
  revoke: (serial: string, reason: Reason) => askJson<MachineCertificate>(`/certificates/${id(serial)}/revoke`, { method: 'POST', json: { reason } }),
  topics: (serial: string, { publish, subscribe }: Topics) => askJson<void>(`/certificates/${id(serial)}/topics`, { method: 'PUT', json: { publish, subscribe } }),
  way: (device: string) => askJson<MqttWay>(`/mqtt${query({ device })}`),
}

/** Ends within so many days: that it does is said, before the machine finds out. */
const SOON_US = 30 * 86_400e6

export function markOf(row: Pick<MachineCertificate, 'state' | 'until_us'>, nowUs: number): 'good' | 'uncertain' | 'bad' | 'off' {
  if (row.state === 'revoked') return 'off'
  if (row.state === 'ended') return 'bad'
  return row.until_us - nowUs < SOON_US ? 'uncertain' : 'good'
}

/** Makes a key that stays on the machine, and the request to paste here. */
export function requestCommand(device: string): string {
  return `openssl ecparam -name prime256v1 -genkey -noout -out ${device}.key
openssl req -new -key ${device}.key -subj /CN=${device} -out ${device}.csr
cat ${device}.csr`
}

/** A request may be pasted with what stands around it on a terminal. */
export function requestIn(text: string): string | null {
  const found = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----[\s\S]+?-----END (?:NEW )?CERTIFICATE REQUEST-----/.exec(text)
  return found ? `${found[0]}\n` : null
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
}
