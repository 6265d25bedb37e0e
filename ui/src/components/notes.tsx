/** The designed states: error, waiting, empty, forbidden. */
import { Button } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Problem } from '../wire/api'
import { Icon, type IconName } from './Icon'
import { inLanguage, useLanguageCode } from './preferences'
import { StateMark } from './StateMark'

/** Code, message, advice; and a way on. */
export function ErrorNote({ problem, retry, children }: { problem: Problem; retry?: () => void; children?: ReactNode }) {
  const { t, i18n } = useTranslation()
  const language = useLanguageCode()
  const ours = `errors.${problem.code.replace(/\./g, '_')}`
  const known = problem.code.startsWith('client.') && i18n.exists(`${ours}.title`)
  const title = known ? t(`${ours}.title` as 'errors.client_offline.title') : inLanguage(language, problem.title, problem.title_zh)
  // The particulars are said in English; the Chinese headline stands above them.
  const particulars = !known && title !== problem.title ? problem.title : ''
  const advice = known ? t(`${ours}.advice` as 'errors.client_offline.advice') : inLanguage(language, problem.advice, problem.advice_zh)
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
