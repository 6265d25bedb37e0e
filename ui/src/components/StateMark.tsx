/** State by shape and word, never by colour alone. Good is grey: colour means act. */
import { useTranslation } from 'react-i18next'

export type Mark = 'good' | 'uncertain' | 'bad' | 'stale' | 'unknown' | 'simulated' | 'manual' | 'connected' | 'connecting' | 'down' | 'disabled' | 'off'

const SHAPES: Record<Mark, React.ReactNode> = {
  good: <circle cx="8" cy="8" r="4.500" />,
  connected: <circle cx="8" cy="8" r="4.500" />,
  uncertain: <path d="M8 2.500 14 13.500H2z M8 6.500v3.500 M8 11.800v.01" />,
  bad: <path className="solid" d="M4.800 1.800h6.400l3 3v6.400l-3 3H4.800l-3-3V4.800zM5.800 5.800l4.400 4.400M10.200 5.800 5.800 10.200" />,
  down: <path className="solid" d="M4.800 1.800h6.400l3 3v6.400l-3 3H4.800l-3-3V4.800zM5.800 5.800l4.400 4.400M10.200 5.800 5.800 10.200" />,
  stale: <path d="M4 2h8M4 14h8M4.500 2c0 3.500 3.500 4 3.500 6s-3.500 2.500-3.500 6M11.500 2c0 3.500-3.500 4-3.500 6s3.500 2.500 3.500 6" />,
  unknown: <path d="M5.500 6a2.500 2.500 0 1 1 3.800 2.100C8.400 8.700 8 9.200 8 10.200M8 13v.01" />,
  simulated: <path d="M8 2l6 6-6 6-6-6z" />,
  manual: <path d="M3 13h2.500l7.500-7.500L10.500 3 3 10.500z" />,
  connecting: <path d="M8 3.500a4.500 4.500 0 1 1-4.500 4.500" strokeDasharray="3 2.500" />,
  disabled: <path d="M3.500 8h9" />,
  off: <path d="M3.500 8h9" />,
}

export function StateMark({ state, word = true, label, size = 16 }: { state: Mark; word?: boolean; label?: string; size?: number }) {
  const { t } = useTranslation()
  const text = label ?? t(`state.${state}`)
  return (
    <span className={`mark mark-${state}`} title={word ? undefined : text}>
      <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth={1.5} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
        {SHAPES[state]}
      </svg>
      {word ? <span className="mark-word">{text}</span> : <span className="sr">{text}</span>}
    </span>
  )
}
