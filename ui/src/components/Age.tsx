/** An age in words, with the exact time on hover. */
import { clock } from '../core/time'
import { useAge } from './useAge'

export function Age({ us }: { us: number | null | undefined }) {
  const { text } = useAge(us ?? null)
  return (
    <time className="age num" title={us ? clock(us, Date.now(), { date: true, ms: true }) : undefined}>
      {text}
    </time>
  )
}
