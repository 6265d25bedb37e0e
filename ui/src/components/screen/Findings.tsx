/** What of a screen is no longer there: item, line, what to do. */
import { useTranslation } from 'react-i18next'
import type { ScreenFinding } from '../../core/screencalls'
import { inLanguage, useLanguageCode } from '../preferences'

export function Findings({ found }: { found: readonly ScreenFinding[] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  if (found.length === 0) return null
  return (
    <details className="note">
      <summary className="note-title">{t('screen.missing', { n: found.length })}</summary>
      <ul>
        {found.map((one) => (
          <li key={`${one.item} ${one.field}`}>
            <code>{one.item || one.field}</code> {one.line ? t('screen.line', { n: one.line }) : ''} {inLanguage(language, one.message, one.message_zh)}. <span className="muted">{inLanguage(language, one.advice, one.advice_zh)}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}
