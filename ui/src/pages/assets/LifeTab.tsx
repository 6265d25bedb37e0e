/** What happened to an asset: its life, and the spans of time that people and rules marked on it and its parts. */
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { episodes, points } from '../../core/calls'
import { span } from '../../core/format'
import { type LifeLine, life } from '../../core/life'
import { assetLink, trendLink } from '../../core/route'
import { clock } from '../../core/time'
import type { Episode } from '../../wire/api'
import { LifeFacts } from './LifeFacts'
import { LifeLines } from './LifeLines'
import { TellLife } from './TellLife'

const SHOWN = 100
const LINES = 4
const SPARE_US = 60_000_000 // beside a span in a chart

export function LifeTab({ asset, turn, may }: { asset: string; turn: number; may: boolean }) {
  const { t } = useTranslation()
  const told = useAsk(`life:${asset}:${turn}`, (signal) => life.get(asset, signal))
  const [telling, setTelling] = useState<{ corrects: LifeLine | null } | null>(null)
  const marked = useAsk(`episodes:${asset}`, (signal) => episodes('-90d', 'now', asset, signal))
  const drawn = useAsk(`drawn:${asset}`, (signal) => points.list({ asset, limit: LINES }, signal))
  const names = drawn.data?.points.map((point) => point.name) ?? []
  const list = [...(marked.data ?? [])].sort((a, b) => b.start_us - a.start_us)
  return (
    <div className="cards2 asset-life">
      <section className="card">
        <div className="bar">
          <h2>{t('assets.lifeEvents')}</h2>
          <span className="grow" />
          {may ? <Button onClick={() => setTelling({ corrects: null })}>{t('life.tellShort')}</Button> : null}
        </div>
        {told.error && !told.data ? <ErrorNote problem={told.error} retry={told.reload} /> : null}
        {!told.data && !told.error ? <Waiting /> : null}
        {told.data ? <LifeFacts held={told.data} /> : null}
        {told.data ? <LifeLines entries={told.data.entries} onCorrect={may ? (corrects) => setTelling({ corrects }) : null} /> : null}
        {telling ? <TellLife asset={asset} corrects={telling.corrects} onClose={() => setTelling(null)} onTold={() => (setTelling(null), told.reload())} /> : null}
      </section>
      <section className="card">
        <h2>{t('word.episode')}</h2>
        {marked.error && !marked.data ? <ErrorNote problem={marked.error} retry={marked.reload} /> : null}
        {!marked.data && !marked.error ? <Waiting /> : null}
        {marked.data && !list.length ? <p className="muted">{t('assets.noEpisodes')}</p> : null}
        <ul className="asset-episodes">
          {list.slice(0, SHOWN).map((one) => (
            <Line key={one.id} one={one} asset={asset} names={names} />
          ))}
        </ul>
        {list.length > SHOWN ? <p className="muted small">{t('assets.more', { n: list.length - SHOWN })}</p> : null}
      </section>
    </div>
  )
}

function Line({ one, asset, names }: { one: Episode; asset: string; names: string[] }) {
  const { t, i18n } = useTranslation()
  const language = useLanguageCode()
  const kind = i18n.exists(`episode.${one.kind}`) ? t(`episode.${one.kind}` as 'episode.alarm') : one.kind
  const title = inLanguage(language, one.title, one.title_zh) || kind
  const end = typeof one.end_us === 'number' ? one.end_us : null
  const from = new Date((one.start_us - SPARE_US) / 1000).toISOString()
  return (
    <li>
      <time className="num">{clock(one.start_us, Date.now(), {})}</time>
      <span>
        {names.length ? <Link href={trendLink(names, from, end === null ? 'now' : new Date((end + SPARE_US) / 1000).toISOString())}>{title}</Link> : title}
        {title === kind ? null : <small className="muted"> {kind}</small>}
        {one.asset && one.asset !== asset ? (
          <small>
            {' '}
            <Link href={assetLink(one.asset)}>{one.asset}</Link>
          </small>
        ) : null}
      </span>
      <span className="muted num">{end === null ? t('assets.stillOn') : span((end - one.start_us) / 1e6, language)}</span>
    </li>
  )
}
