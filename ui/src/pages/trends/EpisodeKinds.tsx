import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { clock } from '../../core/time'
import type { Episode } from '../../wire/api'
import type { Episodes } from './useEpisodes'

const MOST = 12

export function EpisodeKinds({ found, onNote }: { found: Episodes; onNote: (note: Episode) => void }) {
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
      {found.notes.slice(0, MOST).map((note) => (
        <button key={note.id} type="button" className="chip note-chip" title={clock(note.start_us, Date.now())} onClick={() => onNote(note)}>
          <Icon name="edit" size={12} /> {note.title}
        </button>
      ))}
    </p>
  )
}
