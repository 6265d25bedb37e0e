/** Passkeys between the server's JSON (WebAuthn level 3, 5.1.8) and the browser's buffers. */

export type Json = Record<string, unknown>

interface CreateOptions {
  challenge: string
  rp: { id: string; name: string }
  user: { id: string; name: string; displayName: string }
  pubKeyCredParams: { type: 'public-key'; alg: number }[]
  timeout: number
  excludeCredentials: { type: 'public-key'; id: string }[]
  authenticatorSelection: AuthenticatorSelectionCriteria
  attestation: AttestationConveyancePreference
}

interface RequestOptions {
  challenge: string
  rpId: string
  timeout: number
  allowCredentials: { type: 'public-key'; id: string }[]
  userVerification: UserVerificationRequirement
}

/** The person closed the browser's dialog, or it took too long: nothing is wrong. */
export class NotShown extends Error {}

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  const bytes = new Uint8Array(raw.length)
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i)
  return bytes
}

export function toText(bytes: ArrayBuffer): string {
  let raw = ''
  for (const byte of new Uint8Array(bytes)) raw += String.fromCharCode(byte)
  return btoa(raw).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

/** Whether this browser, at this address, can make and show passkeys at all. */
export const knowsPasskeys = (): boolean => typeof window !== 'undefined' && window.isSecureContext && 'PublicKeyCredential' in window

/** Make one: the browser asks for a finger, a face or a PIN. Throws NotShown. */
export async function makePasskey(options: Json): Promise<Json> {
  const told = options as unknown as CreateOptions
  const made = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        ...told,
        challenge: toBytes(told.challenge),
        user: { ...told.user, id: toBytes(told.user.id) },
        excludeCredentials: told.excludeCredentials.map((one) => ({ type: one.type, id: toBytes(one.id) })),
      },
    }),
  )
  const response = made.response as AuthenticatorAttestationResponse
  return answer(made, { attestationObject: toText(response.attestationObject), transports: response.getTransports?.() ?? [] })
}

/** Show one. Throws NotShown. */
export async function showPasskey(options: Json): Promise<Json> {
  const told = options as unknown as RequestOptions
  const shown = await asked(() =>
    navigator.credentials.get({
      publicKey: { ...told, challenge: toBytes(told.challenge), allowCredentials: told.allowCredentials.map((one) => ({ type: one.type, id: toBytes(one.id) })) },
    }),
  )
  const response = shown.response as AuthenticatorAssertionResponse
  return answer(shown, {
    authenticatorData: toText(response.authenticatorData),
    signature: toText(response.signature),
    userHandle: response.userHandle ? toText(response.userHandle) : '',
  })
}

export const handleOf = (options: Json): string => (options as unknown as CreateOptions).user.id

async function asked(work: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const made = await work()
    if (made) return made as PublicKeyCredential
  } catch (error) {
    const name = error instanceof Error ? error.name : ''
    if (name !== 'NotAllowedError' && name !== 'AbortError') throw error
  }
  throw new NotShown()
}

function answer(made: PublicKeyCredential, response: Json): Json {
  return {
    id: made.id,
    rawId: toText(made.rawId),
    type: made.type,
    authenticatorAttachment: made.authenticatorAttachment,
    clientExtensionResults: {},
    response: { clientDataJSON: toText(made.response.clientDataJSON), ...response },
  }
}
