/** A list of points with their values, those of the asset first, so that the right one is seen. */
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Empty, ErrorNote, Waiting } from '../../../components/notes'
import { useLanguageCode } from '../../../components/preferences'
import { SearchField } from '../../../components/SearchField'
import { useAsk } from '../../../components/useAsk'
import { useLiveSample } from '../../../components/useLive'
import { points } from '../../../core/calls'
import { shown, unitText } from '../../../core/format'
import { spoken } from '../../../core/spoken'
import type { Point } from '../../../wire/api'

const FOUND = 60

export function PhotoPick({ asset, now, onPick }: { asset: string; now: string; onPick: (point: Point) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [search, setSearch] = useState('')
  const { data, error, reload } = useAsk(`pick:${asset}:${search}`, (signal) => points.list({ search, limit: FOUND, ...(asset && !search ? { asset } : {}) }, signal))
  return (
    <div className="photo-pick">
      <SearchField label={t('tree.search')} onSearch={setSearch} />
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={4} /> : null}
      {data && !data.points.length ? <Empty title={t('search.none')} /> : null}
      <ul>
        {(data?.points ?? []).map((raw) => (
          <li key={raw.name}>
            <PickRow point={spoken(language, raw)} isNow={raw.name === now} onPick={() => onPick(raw)} />
          </li>
        ))}
      </ul>
    </div>
  )
}

function PickRow({ point, isNow, onPick }: { point: Point; isNow: boolean; onPick: () => void }) {
  const sample = useLiveSample(point.name, point.latest ?? null)
  return (
    <button type="button" className={isNow ? 'is-chosen' : ''} aria-pressed={isNow} onClick={onPick}>
      <span>
        {point.title || point.quantity} <small>{point.asset_title || point.asset}</small>
      </span>
      <b className="num">
        {sample ? shown(sample.value, sample.text, point.kind, point.states) : '–'} <i className="unit">{unitText(point.unit)}</i>
      </b>
    </button>
  )
}
