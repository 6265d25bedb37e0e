/** All assets that were described, as they would be written: what a table is laid upon, and what goes into one. */
import { type AssetSpec, assets, specOf } from '../../core/assets'

const PAGE = 5000

export async function heldSpecs(signal?: AbortSignal): Promise<Map<string, AssetSpec>> {
  const out = new Map<string, AssetSpec>()
  for (let offset = 0; ; offset += PAGE) {
    const { total, assets: lines } = await assets.list({ properties: true, limit: PAGE, offset }, signal)
    for (const line of lines) if (line.described) out.set(line.asset, { ...specOf({ line, properties: line.properties }), relations: line.relations })
    if (!lines.length || offset + lines.length >= total) return out
  }
}
