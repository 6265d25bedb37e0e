/** What a person should look at, worst first, each with its next action. */
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Icon } from '../../components/Icon'
import { Link } from '../../components/navigation'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { type Mark, StateMark } from '../../components/StateMark'
import type { Attention } from '../../wire/api'

const RANK = { high: 0, medium: 1, low: 2 }
const MARK: Record<Attention['severity'], Mark> = { high: 'bad', medium: 'uncertain', low: 'unknown' }

export function AttentionList({ items }: { items: readonly Attention[] }) {
  const { t, i18n } = useTranslation()
  const language = useLanguageCode()
  const sorted = [...items].sort((a, b) => RANK[a.severity] - RANK[b.severity] || b.time_us - a.time_us)
  // The server writes English; kinds are stable, so the other language has its own sentences.
  const own = (table: 'attention' | 'attentionAdvice', item: Attention, english: string, chinese: string | undefined) => {
    const key = `${table}.${item.kind.replace(/\./g, '_')}`
    if (language === 'en' || chinese || !i18n.exists(key)) return inLanguage(language, english, chinese)
    return t(key as 'attention.device_down', { subject: decodeURIComponent(item.link.split('/').pop() ?? '') })
  }
  return (
    <section className="attention" aria-label={t('overview.attention')}>
      <h2>
        {t('overview.attention')} {sorted.length ? <span className="count num">{sorted.length}</span> : null}
      </h2>
      {sorted.length === 0 ? (
        <p className="attention-none">
          <Icon name="check" /> {t('overview.nothing')}
        </p>
      ) : (
        <ul>
          {sorted.map((item, i) => (
            <li key={`${item.kind}${item.link}${i}`} className={`is-${item.severity}`}>
              <StateMark state={MARK[item.severity]} word={false} label={t(`severity.${item.severity}`)} />
              <div>
                <p className="attention-title">
                  <span>{own('attention', item, item.title, item.title_zh)}</span>
                  <Age us={item.time_us} />
                </p>
                <p className="attention-detail">{inLanguage(language, item.detail, item.detail_zh)}</p>
                <p className="attention-advice">
                  {own('attentionAdvice', item, item.advice, item.advice_zh)}{' '}
                  {item.link ? <Link href={item.link}>{t('common.open')}</Link> : null}
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
