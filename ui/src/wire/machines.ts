/** Certificates of machines, as the server says them. */

export interface MachineCertificate {
  serial: string
  device: string
  sha256: string
  state: 'good' | 'replaced' | 'ended' | 'revoked'
  made_us: number
  made_by: string
  until_us: number
  not_after_us: number
  used_us: number | null
  successor: string | null
  revoked_us: number | null
  revoked_by: string
  reason: string
  key_made_here: boolean
  publish: string[]
  subscribe: string[]
}

/** `key` and `pkcs12` (base64) are there when the key was made by the platform: this once. */
export interface IssuedCertificate {
  serial: string
  device: string
  sha256: string
  until_us: number
  certificate: string
  authority: string
  key: string | null
  pkcs12: string | null
  pkcs12_password: string | null
}

export interface MqttWay {
  host: string
  tls_port: number | null
  certificates: string
  authority: string
  commands: Record<string, string>
}
