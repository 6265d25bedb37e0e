/** The pictures that a screen has. */
import { useAsk } from '../../../components/useAsk'
import { askJson } from '../../../core/http'

export interface Pictures {
  /** Null: the screen is not kept yet, and can have none. */
  screen: string | null
  names: readonly string[]
  stamp: number
  reload: () => void
}

interface Picture {
  name: string
  changed_us: number
}

export function usePictures(screen: string | null): Pictures {
  const { data, reload } = useAsk(screen ? `pictures:${screen}` : null, (signal) => askJson<Picture[]>(`/screens/${encodeURIComponent(screen ?? '')}/files`, { signal }))
  return { screen, reload, names: (data ?? []).map((one) => one.name), stamp: Math.max(0, ...(data ?? []).map((one) => one.changed_us)) }
}
