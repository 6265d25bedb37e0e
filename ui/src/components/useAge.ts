/** "12 s ago", growing by itself. */
import { useTranslation } from 'react-i18next'
import { ageSeconds, span } from '../core/format'
import { useNow } from './useLive'
import { useLanguageCode } from './preferences'

export function useAge(us: number | null): { text: string; seconds: number | null } {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const now = useNow(1000)
  const seconds = ageSeconds(us, now)
  if (seconds === null) return { text: t('time.never'), seconds: null }
  if (seconds < 0) return { text: t('time.ahead', { span: span(-seconds, language) }), seconds }
  return { text: seconds < 2 ? t('time.now') : t('time.ago', { span: span(seconds, language) }), seconds }
}
