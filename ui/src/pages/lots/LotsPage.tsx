/** Genealogy: what is in a lot or a serial number, and where one went. */
import { AutoComplete, Button, Segmented } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, navigate, useSearch } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useRested } from '../../components/useRested'
import { askedOf, lotFile, lotLink, lots, type Way } from '../../core/lots'
import { Icon } from '../../components/Icon'
import { LotGraph } from './LotGraph'
import { LotSteps } from './LotSteps'
import { LotTree } from './LotTree'

const REST_MS = 150

export default function LotsPage() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { lot, way } = askedOf(useSearch())
  const [typed, setTyped] = useState(lot)
  useEffect(() => setTyped(lot), [lot])
  const looked = useRested(typed.trim(), REST_MS)
  const known = useAsk(`lots:${looked}`, (signal) => lots.list(looked, signal))
  const { data, error, reload } = useAsk(lot ? `trace:${lot}:${way}` : null, (signal) => lots.trace(lot, way, signal))
  const go = (to: string, how: Way = way) => navigate(to.trim() ? lotLink(to.trim(), how) : '/lots')
  return (
    <Page
      title={lot || t('lots.title')}
      sub={lot ? t(way === 'back' ? 'lots.backText' : 'lots.forwardText') : t('lots.text')}
      tools={
        data ? (
          <>
            <Button icon={<Icon name="download" size={15} />} href={lotFile(lot, way, 'csv', language)}>
              CSV
            </Button>
            <Button icon={<Icon name="download" size={15} />} href={lotFile(lot, way, 'xlsx', language)}>
              XLSX
            </Button>
          </>
        ) : null
      }
    >
      <div className="bar lots-bar">
        <AutoComplete className="lots-search" value={typed} onChange={(value?: string) => setTyped(value ?? '')} onSelect={(value) => go(value ?? '')} options={(known.data?.lots ?? []).map((value) => ({ value }))} allowClear aria-label={t('lots.search')} placeholder={t('lots.search')} onKeyDown={(e) => (e.key === 'Enter' ? go(typed) : undefined)} />
        <Segmented<Way> value={way} onChange={(how) => go(lot, how)} options={[{ value: 'back', label: t('lots.back') }, { value: 'forward', label: t('lots.forward') }]} disabled={!lot} aria-label={t('lots.way')} />
      </div>
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {lot && !data && !error ? <Waiting rows={6} /> : null}
      {!lot && known.data?.lots.length === 0 && !looked ? <p className="muted">{t('lots.none')}</p> : null}
      {!lot && known.data?.lots.length ? <Known names={known.data.lots} /> : null}
      {data && !data.whole ? <p className="note">{t('lots.more', { n: data.links.length })}</p> : null}
      {data ? (
        <div className="lots">
          {data.links.length ? <LotGraph held={data} way={way} /> : null}
          <LotTree held={data} way={way} />
          <LotSteps episodes={data.episodes} />
        </div>
      ) : null}
    </Page>
  )
}

/** Lots to begin with: the first that the words in the search find. */
function Known({ names }: { names: readonly string[] }) {
  const { t } = useTranslation()
  return (
    <section className="card">
      <h2>{t('lots.known')}</h2>
      <ul className="lots-known">
        {names.map((name) => (
          <li key={name}>
            <Link href={lotLink(name, 'forward')}>{name}</Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
