/** Asset types as the console uses them: to choose one, and to know what its properties are called. */
import type { components } from '../wire/openapi'
import { askJson } from './http'

export type TypeLine = components['schemas']['TypeLine']

export const assetTypes = {
  list: () => askJson<TypeLine[]>('/types'),
  /** `pump@2` asks for the second version. */
  get: (type: string) => {
    const [name = '', version] = type.split('@')
    return askJson<components['schemas']['TypeAnswer']>(`/types/${encodeURIComponent(name)}${version ? `?version=${encodeURIComponent(version)}` : ''}`)
  },
}
