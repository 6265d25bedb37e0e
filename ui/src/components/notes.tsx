/** The designed states: error, waiting, empty, forbidden. */
import { Button } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Problem } from '../wire/api'
import { Icon, type IconName } from './Icon'
import { StateMark } from './StateMark'
import { useSaid } from './useSaid'

/** Code, message, advice; and a way on. */
export function ErrorNote({ problem, retry, children }: { problem: Problem; retry?: () => void; children?: ReactNode }) {
  const { t } = useTranslation()
  const { title, particulars, advice } = useSaid()(problem)
  return (
    <div className="note note-error" role="alert">
      <StateMark state={problem.code === 'auth.denied' ? 'disabled' : 'bad'} word={false} />
      <div>
        <p className="note-title">
          {title} <code>{problem.code}</code>
        </p>
        {particulars ? <p className="note-detail">{particulars}</p> : null}
        {problem.place ? (
          <p className="note-place">
            {t('errors.place')} <code>{problem.place}</code>
          </p>
        ) : null}
        {advice ? <p className="note-advice">{advice}</p> : null}
        {children}
        {retry ? (
          <Button size="small" onClick={retry}>
            {t('common.retry')}
          </Button>
        ) : null}
      </div>
    </div>
  )
}

/** Grey bars where the content will stand, so that nothing jumps. */
export function Waiting({ rows = 3 }: { rows?: number }) {
  const { t } = useTranslation()
  return (
    <div className="waiting" role="status" aria-label={t('common.loading')}>
      {Array.from({ length: rows }, (_, i) => (
        <i key={i} style={{ width: `${92 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  )
}

export function Empty({ icon = 'search', title, advice, children }: { icon?: IconName; title: string; advice?: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <Icon name={icon} size={28} />
      <p className="empty-title">{title}</p>
      {advice ? <p className="empty-advice">{advice}</p> : null}
      {children}
    </div>
  )
}
