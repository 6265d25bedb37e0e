import { useTranslation } from 'react-i18next'
import type { Episodes } from './useEpisodes'

export function EpisodeKinds({ found }: { found: Episodes }) {
  const { t, i18n } = useTranslation()
  if (found.kinds.length === 0) return null
  return (
    <p className="episode-kinds">
      <span className="muted">{t('word.episode')}</span>
      {found.kinds.map((kind) => {
        const key = `episode.${kind.kind}`
        return (
          <button key={kind.kind} type="button" className={`chip ${kind.on ? 'is-on' : ''}`} aria-pressed={kind.on} onClick={() => found.toggle(kind.kind)}>
            <i style={{ background: kind.colour }} /> {i18n.exists(key) ? t(key as 'episode.downtime') : kind.kind} <span className="num">{kind.n}</span>
          </button>
        )
      })}
    </p>
  )
}
