/** Done: the chart is already drawing. */
import { Button } from 'antd'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { navigate } from '../../components/navigation'
import { Waiting } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { devices } from '../../core/calls'
import { deviceLink, trendLink } from '../../core/route'

const QuickChart = lazy(() => import('../trends/QuickChart'))

const SHOWN = 4

export function DoneStep({ device, names }: { device: string; names: string[] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { data } = useAsk(`device:${device}`, () => devices.get(device), 2000)
  const shown = names.slice(0, SHOWN)
  return (
    <section className="card done">
      <p className="done-line">
        <Icon name="check" /> <strong>{t('add.saved', { n: names.length.toLocaleString('en-US') })}</strong>
        {data ? <StateMark state={data.status.state} /> : null}
      </p>
      {data?.status.error ? <p className="bad-text">{inLanguage(language, data.status.error.title, data.status.error.title_zh)}</p> : null}
      <Suspense fallback={<Waiting rows={4} />}>
        <QuickChart names={shown} minutes={5} height={300} />
      </Suspense>
      <p className="muted">{shown.join(' · ')}</p>
      <div className="bar">
        <Button type="primary" onClick={() => navigate(trendLink(shown))}>
          {t('add.toTrends')}
        </Button>
        <Button onClick={() => navigate(deviceLink(device))}>{t('add.toDevice')}</Button>
        <Button onClick={() => navigate('/connect')}>{t('nav.connect')}</Button>
      </div>
    </section>
  )
}
