/** Recordings of a point: over time as a waterfall and a list, one of them as waveform and spectrum. */
import { Button, Segmented } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Waterfall } from '../../charts/Waterfall'
import { WavePlot } from '../../charts/WavePlot'
import { ErrorNote, Waiting } from '../../components/notes'
import { usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useSize } from '../../components/useSize'
import { bursts, shades } from '../../core/bursts'
import { number, unitText } from '../../core/format'
import { clock } from '../../core/time'
import { BurstSpectrum, type SpectrumChoice } from './BurstSpectrum'
import '../../styles/bursts.css'

const RANGES = ['1h', '24h', '7d', '30d'] as const
const MOST = 150
const LINES = 128

export default function BurstViewer({ point }: { point: string }) {
  const { t } = useTranslation()
  const { theme } = usePreferences()
  const { ref, width } = useSize<HTMLDivElement>()
  const [range, setRange] = useState<string>('30d')
  const [wanted, setWanted] = useState<string | null>(null)
  const [choice, setChoice] = useState<SpectrumChoice>({ kind: 'envelope', band: { low_hz: 0, high_hz: 0 }, logarithmic: false, baseHz: 0 })
  const { kind, band } = choice
  const { data, error, reload } = useAsk(`bursts:${point}:${range}:${kind}:${band.low_hz}:${band.high_hz}`, (signal) => bursts.list(point, `-${range}`, MOST, LINES, kind, band, signal))
  const rows = data?.bursts ?? []
  const found = rows.findIndex((row) => row.id === wanted)
  const at = found >= 0 ? found : rows.length - 1
  const one = rows[at]
  const columns = useMemo(() => shades(data?.bursts ?? []), [data])
  const wave = useAsk(one ? `wave:${one.id}:${width}` : null, (signal) => bursts.wave(one?.id ?? '', Math.max(width, 300), signal))
  const unit = unitText(data?.unit ?? '')
  const choose = (index: number) => setWanted(rows[index]?.id ?? null)
  return (
    <div ref={ref} className="bursts">
      <div className="burst-tools">
        <h2>{t('burst.title')}</h2>
        <Segmented value={range} onChange={(value) => setRange(String(value))} options={[...RANGES]} />
        <Button onClick={reload}>{t('burst.reload')}</Button>
        {data && data.total > rows.length ? <span className="muted">{t('burst.some', { shown: rows.length, total: data.total })}</span> : null}
      </div>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={6} /> : null}
      {data && !rows.length ? <p className="muted">{t('burst.none')}</p> : null}
      {one && data ? (
        <>
          <Waterfall columns={columns} chosen={at} onChoose={choose} width={width} height={160} theme={theme} label={t('burst.waterfall', { hz: number(data.span_hz, 4) })} />
          <p className="muted burst-axis">
            <span>{clock(rows[0]?.time_us ?? 0, Date.now(), { date: true })}</span>
            <span>{t('burst.upTo', { hz: number(data.span_hz, 4) })}</span>
            <span>{clock(rows.at(-1)?.time_us ?? 0, Date.now(), { date: true })}</span>
          </p>
          <div className="burst-tools">
            <Button disabled={at <= 0} onClick={() => choose(at - 1)} aria-label={t('burst.earlier')}>‹</Button>
            <b>{clock(one.time_us, Date.now(), { date: true })}</b>
            <Button disabled={at >= rows.length - 1} onClick={() => choose(at + 1)} aria-label={t('burst.later')}>›</Button>
            <span>RMS {number(one.rms, 4)} {unit}</span>
            <span>{t('burst.peak')} {number(one.peak, 4)} {unit}</span>
            <span>{t('burst.crest')} {number(one.crest, 3)}</span>
            <span>{t('burst.kurtosis')} {number(one.kurtosis, 3)}</span>
            <span className="muted">{number(one.rate_hz / 1000, 5)} kHz · {one.samples}</span>
          </div>
          <BurstSpectrum burst={one.id} rateHz={one.rate_hz} width={width} choice={choice} onChoice={setChoice} />
          <h3>{t('burst.waveform')}</h3>
          {wave.error ? <ErrorNote problem={wave.error} retry={wave.reload} /> : null}
          {wave.data && width > 0 ? (
            <WavePlot x={wave.data.seconds} y={wave.data.values} width={width} height={200} theme={theme} xLabel={t('burst.seconds')} yLabel={unit} label={t('burst.waveform')} />
          ) : <Waiting rows={3} />}
        </>
      ) : null}
    </div>
  )
}
