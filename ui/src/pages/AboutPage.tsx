import { useTranslation } from 'react-i18next'
import { Facts } from '../components/Facts'
import { Page } from '../components/Page'
import { usePreferences } from '../components/preferences'
import { type Mark, StateMark } from '../components/StateMark'
import { useAsk } from '../components/useAsk'
import { health } from '../core/calls'
import { span } from '../core/format'

const MARKS: Mark[] = ['good', 'uncertain', 'bad', 'stale', 'simulated', 'manual', 'connecting', 'disabled', 'unknown']
const KEYS = ['search', 'why', 'run', 'zoom', 'pan', 'wheel', 'mark'] as const

export default function AboutPage() {
  const { t } = useTranslation()
  const { language, session } = usePreferences()
  const { data } = useAsk('health', health, 10_000)
  return (
    <Page title={t('about.title')} sub={t('app.claim')}>
      <section className="card prose">
        <p>{t('about.text')}</p>
        <Facts
          rows={[
            [t('about.version'), data?.version ?? '–'],
            [t('about.uptime'), data ? span(data.uptime_s, language) : '–'],
            [t('about.tenant'), session?.tenant ?? '–'],
            [t('about.licence'), 'Apache-2.0'],
            [t('about.api'), <a key="api" href="/api/v1/docs">/api/v1/docs</a>],
          ]}
        />
      </section>
      <section className="card">
        <h2>{t('about.marks')}</h2>
        <p className="muted">{t('about.marksText')}</p>
        <ul className="legend-marks">
          {MARKS.map((mark) => (
            <li key={mark}>
              <StateMark state={mark} />
            </li>
          ))}
        </ul>
      </section>
      <section className="card">
        <h2>{t('about.keys')}</h2>
        <Facts rows={KEYS.map((key) => [<kbd key={key}>{t(`about.key.${key}.press`)}</kbd>, t(`about.key.${key}.does`)] as const)} />
      </section>
    </Page>
  )
}
