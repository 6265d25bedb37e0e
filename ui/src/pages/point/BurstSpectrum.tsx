/** The spectrum of one recording: amplitude or envelope, linear or logarithmic, a cursor and the marks of a base frequency. */
import { Button, InputNumber, Segmented } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { WavePlot } from '../../charts/WavePlot'
import { ErrorNote, Waiting } from '../../components/notes'
import { usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { type Band, bursts, harmonics, order, positive, type SpectrumKind } from '../../core/bursts'
import { number, unitText } from '../../core/format'

export interface SpectrumChoice {
  kind: SpectrumKind
  band: Band
  logarithmic: boolean
  baseHz: number
}

interface Props {
  burst: string
  rateHz: number
  width: number
  choice: SpectrumChoice
  onChoice: (choice: SpectrumChoice) => void
}

const SHOWN_ENVELOPE_HZ = 1000
const LINES = 4000

export function BurstSpectrum({ burst, rateHz, width, choice, onChoice }: Props) {
  const { t } = useTranslation()
  const { theme } = usePreferences()
  const [at, setAt] = useState<number | null>(null)
  const { kind, band, logarithmic, baseHz } = choice
  const wide = kind === 'envelope' ? 0 : LINES
  const { data, error, reload } = useAsk(`spectrum:${burst}:${kind}:${band.low_hz}:${band.high_hz}`, (signal) => bursts.spectrum(burst, kind, band, wide, signal))
  const shown = useMemo(() => {
    if (!data) return { x: [], y: [] as (number | null)[] }
    const end = kind === 'envelope' ? data.frequencies_hz.findIndex((hz) => hz > SHOWN_ENVELOPE_HZ) : -1
    const x = end > 0 ? data.frequencies_hz.slice(0, end) : data.frequencies_hz
    const y: (number | null)[] = data.values.slice(0, x.length)
    return { x, y: logarithmic ? positive(y) : y }
  }, [data, kind, logarithmic])
  const marks = useMemo(() => harmonics(baseHz, shown.x.at(-1) ?? 0).map((hz, i) => ({ at: hz, label: `${i + 1}×` })), [baseHz, shown])
  const hz = at === null ? null : shown.x[at]
  const height = at === null ? null : shown.y[at]
  const times = hz == null ? null : order(hz, baseHz)
  const unit = unitText(data?.unit ?? '')
  const set = (change: Partial<SpectrumChoice>) => onChoice({ ...choice, ...change })
  const setBand = (change: Partial<Band>) => set({ band: { ...band, ...change } })
  return (
    <section>
      <div className="burst-tools">
        <h3>{t('burst.spectrum')}</h3>
        <Segmented value={kind} onChange={(value) => set({ kind: value as SpectrumKind })} options={[{ value: 'amplitude', label: t('burst.amplitude') }, { value: 'envelope', label: t('burst.envelope') }]} />
        <Segmented value={logarithmic ? 'log' : 'lin'} onChange={(value) => set({ logarithmic: value === 'log' })} options={[{ value: 'lin', label: t('burst.linear') }, { value: 'log', label: t('burst.logarithmic') }]} />
        <label>
          {t('burst.base')} <InputNumber min={0} value={baseHz || null} suffix="Hz" onChange={(value) => set({ baseHz: value ?? 0 })} aria-label={t('burst.base')} />
        </label>
        {kind === 'envelope' ? (
          <label>
            {t('burst.band')} <InputNumber min={0} max={rateHz / 2} value={data?.low_hz ?? band.low_hz} onChange={(value) => setBand({ low_hz: value ?? 0, high_hz: band.high_hz || rateHz / 2 })} aria-label={t('burst.bandLow')} />
            {' – '}
            <InputNumber min={0} max={rateHz / 2} value={data?.high_hz ?? band.high_hz} suffix="Hz" onChange={(value) => setBand({ high_hz: value ?? 0 })} aria-label={t('burst.bandHigh')} />
          </label>
        ) : null}
        {baseHz > 0 ? <Button size="small" type="text" onClick={() => set({ baseHz: 0 })}>{t('burst.noMarks')}</Button> : null}
      </div>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={4} /> : null}
      {data && width > 0 ? (
        <WavePlot
          x={shown.x}
          y={shown.y}
          marks={marks}
          logarithmic={logarithmic}
          width={width}
          height={260}
          theme={theme}
          xLabel={t('burst.hertz')}
          yLabel={unit}
          label={t('burst.spectrumOf', { hz: number(data.step_hz, 3) })}
          onCursor={setAt}
          onPick={(index) => set({ baseHz: Number((shown.x[index] ?? 0).toFixed(2)) })}
        />
      ) : null}
      <p className="burst-read" aria-live="off">
        {hz == null ? <span className="muted">{t('burst.hint')}</span> : (
          <>
            <b>{number(hz, 6)} Hz</b> · {number(height ?? null, 4)} {unit}
            {times === null ? null : <> · {t('burst.order', { n: times.toFixed(2) })}</>}
          </>
        )}
      </p>
    </section>
  )
}
