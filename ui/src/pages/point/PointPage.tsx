/** One point: its value, its last hour, where it comes from, why it is what it is. */
import { Button } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Facts } from '../../components/Facts'
import { Icon } from '../../components/Icon'
import { Link, navigate, usePath } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { useLanguageCode } from '../../components/preferences'
import { Reading } from '../../components/Reading'
import { useAsk } from '../../components/useAsk'
import { useLiveSample } from '../../components/useLive'
import { SourcesCard } from '../../components/SourcesCard'
import { WhyPanel } from '../../components/WhyPanel'
import { points } from '../../core/calls'
import { unitText } from '../../core/format'
import { assetLink, deviceLink, routeOf, trendLink } from '../../core/route'
import { fullTitle, spoken } from '../../core/spoken'
import { CounterCard } from './CounterCard'
import { PointEdit } from './PointEdit'
import { WriteDialog } from './WriteDialog'

const BurstViewer = lazy(() => import('./BurstViewer'))
const QuickChart = lazy(() => import('../trends/QuickChart'))

export default function PointPage() {
  const { t } = useTranslation()
  const route = routeOf(usePath())
  const name = route.page === 'point' ? route.point : ''
  const language = useLanguageCode()
  const { data: raw, error, reload } = useAsk(`point:${name}`, () => points.get(name))
  const data = raw && spoken(language, raw)
  const [writing, setWriting] = useState(false)
  const sample = useLiveSample(name || null, data?.latest)
  if (!data || !raw) return <Page title={name}>{error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={8} />}</Page>
  return (
    <Page
      title={fullTitle(language, data)}
      sub={data.title ? <code>{name}</code> : undefined}
      tools={
        <>
          {raw.write && raw.may_write ? (
            <Button icon={<Icon name="command" size={16} />} onClick={() => setWriting(true)}>
              {t('write.open')}
            </Button>
          ) : null}
          <Button icon={<Icon name="trends" size={16} />} onClick={() => navigate(trendLink([name]))}>
            {t('nav.trends')}
          </Button>
        </>
      }
    >
      {writing && raw.write ? <WriteDialog point={data} rule={raw.write} onClose={() => setWriting(false)} /> : null}
      {data.kind === 'burst' ? (
        <section className="card">
          <Suspense fallback={<Waiting rows={8} />}>
            <BurstViewer point={name} />
          </Suspense>
        </section>
      ) : (
        <div className="point-top">
          <section className="card point-now">
            <Reading name={name} sample={sample} unit={data.unit} kind={data.kind} {...(data.states ? { states: data.states } : {})} size="huge" />
            <Age us={sample?.time_us} />
          </section>
          <section className="card point-chart">
            <Suspense fallback={<Waiting />}>
              <QuickChart names={[name]} minutes={60} height={180} />
            </Suspense>
          </section>
        </div>
      )}
      {data.kind === 'counter' ? <CounterCard key={`counter ${name}`} name={name} unit={data.unit} /> : null}
      <section className="card">
        <h2>{t('why.title')}</h2>
        <WhyPanel point={name} />
      </section>
      <div className="cards2">
        <section className="card">
          <h2>{t('point.facts')}</h2>
          <Facts
            rows={[
              [t('point.number'), <code key="n">{data.number}</code>],
              [t('word.asset'), <Link key="w" href={assetLink(data.asset)}>{data.asset_title ? `${data.asset_title} (${data.asset})` : data.asset}</Link>],
              [t('point.quantity'), data.quantity],
              [t('point.unit'), unitText(data.unit) || '–'],
              [t('point.kind'), t(`kind.${data.kind}`)],
              [t('word.device'), <Link key="d" href={deviceLink(data.device)}>{data.device}</Link>],
              [t('point.address'), <code key="a">{data.address}</code>],
            ]}
          />
        </section>
        <PointEdit key={data.name} point={raw} onSaved={reload} />
      </div>
      <SourcesCard point={name} />
    </Page>
  )
}
