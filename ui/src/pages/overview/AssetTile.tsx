/** One machine: state by shape and word, a few numbers, one line. */
import { useTranslation } from 'react-i18next'
import { LiveSpark } from '../../components/LiveSpark'
import { Link } from '../../components/navigation'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { Reading, useWhyHandlers } from '../../components/Reading'
import { StateMark } from '../../components/StateMark'
import { useLiveSample } from '../../components/useLive'
import { unitText } from '../../core/format'
import { isSimulated } from '../../core/quality'
import { assetLink, pointLink, trendLink } from '../../core/route'
import { spoken } from '../../core/spoken'
import type { AssetTile as Tile, Headline } from '../../wire/api'

const SHOWN = 4

export function AssetTile({ tile: raw }: { tile: Tile }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const tile = spoken(language, raw)
  const names = tile.headline.map((line) => line.point)
  return (
    <article className={`tile is-${tile.state}`} aria-label={tile.title || tile.asset}>
      <header>
        <Link href={trendLink(names.length ? names : tile.spark ? [tile.spark.point] : [])} title={t('overview.openTrend')}>
          <strong>{tile.title || tile.asset}</strong>
          {tile.title && tile.title !== tile.asset ? <small>{tile.asset}</small> : null}
        </Link>
        <span className="tile-marks">
          {tile.headline.some((line) => isSimulated(line.quality)) ? <StateMark state="simulated" word={false} size={13} /> : null}
          <StateMark state={tile.state} />
        </span>
      </header>
      <dl>
        {tile.headline.slice(0, SHOWN).map((line) => (
          <Line key={line.point} line={line} />
        ))}
      </dl>
      <footer>
        {tile.spark ? (
          <>
            <LiveSpark name={tile.spark.point} seconds={3600} start={tile.spark} width={240} height={36} />
            <span className="tile-spark">
              {inLanguage(language, tile.spark.title, tile.spark.title_zh) || tile.spark.point}
              {tile.spark.unit ? ` · ${unitText(tile.spark.unit)}` : ''}
            </span>
          </>
        ) : null}
        <Link href={assetLink(tile.asset)} className="tile-points num" title={t('overview.openAsset')}>
          {tile.bad > 0 ? t('overview.pointsBad', { n: tile.points, bad: tile.bad }) : t('overview.points', { n: tile.points })}
        </Link>
      </footer>
    </article>
  )
}

function Line({ line: raw }: { line: Headline }) {
  const line = spoken(useLanguageCode(), raw)
  const sample = useLiveSample(line.point, line)
  const handlers = useWhyHandlers(line.point)
  return (
    <div {...handlers}>
      <dt>
        <Link href={pointLink(line.point)}>{line.title || line.point.slice(line.point.lastIndexOf('.') + 1)}</Link>
      </dt>
      <dd>
        <Reading name={line.point} sample={sample} unit={line.unit} {...(line.kind ? { kind: line.kind } : {})} {...(line.states ? { states: line.states } : {})} size="large" />
      </dd>
    </div>
  )
}
