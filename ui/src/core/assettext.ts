/** An asset as text that leaves the console: YAML, Python, curl. */
import type { AssetSpec } from './assets'
import { shell } from './snippets'

const PLAIN = /^[\p{L}_][\p{L}\p{N}_./-]*$/u
const TAKEN = /^(true|false|null|yes|no|on|off|y|n|~)$/i // words YAML takes for something else
const scalar = (value: string | number | boolean): string => (typeof value !== 'string' ? String(value) : PLAIN.test(value) && !TAKEN.test(value) ? value : JSON.stringify(value))

/** YAML 1.2; what is not plain is written as JSON writes it, which YAML reads. */
export function asYaml(spec: AssetSpec): string {
  const lines: string[] = []
  for (const [key, value] of Object.entries(spec)) {
    if (value === undefined) continue
    if (typeof value !== 'object') lines.push(`${key}: ${scalar(value as string)}`)
    else lines.push(`${key}:`, ...Object.entries(value as Record<string, string | number | boolean>).map(([name, one]) => `  ${scalar(name)}: ${scalar(one)}`))
  }
  return `${lines.join('\n')}\n`
}

export const asJson = (spec: AssetSpec): string => `${JSON.stringify(spec, null, 2)}\n`

export function assetAsPython(origin: string, asset: string): string {
  return `import baigong\n\nplant = baigong.connect(${JSON.stringify(origin)}, token="…")\nasset = plant.asset(${JSON.stringify(asset)})\n`
}

export const assetAsCurl = (origin: string, asset: string): string => `curl ${shell(`${origin}/api/v1/assets/${encodeURIComponent(asset)}`)} -H 'Authorization: Bearer …'\n`
