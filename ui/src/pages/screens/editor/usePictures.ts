/** The pictures that a screen has. */
import { askJson } from '../../../core/http'
import { useAsk } from '../../../components/useAsk'

interface Picture {
  name: string
  changed_us: number
}

export function usePictures(name: string | null): { names: string[]; stamp: number } {
  const { data } = useAsk(name ? `pictures:${name}` : null, (signal) => askJson<Picture[]>(`/screens/${encodeURIComponent(name ?? '')}/files`, { signal }))
  return { names: (data ?? []).map((one) => one.name), stamp: Math.max(0, ...(data ?? []).map((one) => one.changed_us)) }
}
