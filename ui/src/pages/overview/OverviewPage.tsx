/** What needs attention, what the machines do, how the platform itself is. */
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { overview } from '../../core/calls'
import { visited } from '../../core/visit'
import { AssetTile } from './AssetTile'
import { AttentionList } from './AttentionList'
import { FirstSteps } from './FirstSteps'
import { PulseStrip } from './PulseStrip'

const ORDER = { bad: 0, stale: 1, uncertain: 2, unknown: 3, good: 4 }

export default function OverviewPage() {
  const { t } = useTranslation()
  const { session } = usePreferences()
  const { data, error, reload } = useAsk('overview', overview, 2000)
  if (!data) {
    return (
      <Page title={t('nav.overview')}>
        {error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={8} />}
      </Page>
    )
  }
  if (data.pulse.devices === 0 && data.assets.length === 0) {
    return (
      <Page title={t('nav.overview')} sub={visited() || session?.tenant}>
        <FirstSteps />
      </Page>
    )
  }
  const assets = [...data.assets].sort((a, b) => ORDER[a.state] - ORDER[b.state] || a.asset.localeCompare(b.asset))
  const calm = assets.every((asset) => asset.state === 'good')
  return (
    <div className="overview">
      <Page title={t('nav.overview')} sub={calm ? t('overview.calm', { n: assets.length }) : t('overview.some', { n: assets.filter((a) => a.state !== 'good').length, all: assets.length })}>
        <div className="overview-grid">
          <AttentionList items={data.attention} />
          <section aria-label={t('overview.assets')}>
            {assets.length ? (
              <div className="tiles">
                {assets.map((tile) => (
                  <AssetTile key={tile.asset} tile={tile} />
                ))}
              </div>
            ) : (
              <p className="muted">
                {t('overview.noPoints')} <Link href="/connect">{t('nav.connect')}</Link>
              </p>
            )}
          </section>
        </div>
      </Page>
      <PulseStrip pulse={data.pulse} />
    </div>
  )
}
