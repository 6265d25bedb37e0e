/** Relative ranges that move with the clock, or two exact times. */
import { Button, Popover, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { span } from '../core/format'
import { clock, durationSeconds, fixedRange, inputTime, nowUs, PRESETS, resolve, type TimeRange } from '../core/time'
import { Icon } from './Icon'
import { useLanguageCode } from './preferences'

export function RangePicker({ range, onChange }: { range: TimeRange; onChange: (range: TimeRange) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [open, setOpen] = useState(false)
  const { startUs, endUs } = resolve(range, nowUs())
  const preset = range.end === 'now' ? PRESETS.find((name) => range.start === `-${name}`) : undefined
  const label = range.end === 'now' && range.start.startsWith('-') ? t('range.last', { span: span(durationSeconds(range.start.slice(1)) ?? 0, language) }) : `${clock(startUs, Date.now())} – ${clock(endUs, Date.now())}`
  return (
    <span className="range">
      <Segmented className="range-presets" value={preset ?? ''} onChange={(name) => onChange({ start: `-${name}`, end: 'now' })} options={PRESETS.map((name) => ({ value: name, label: short(name, language) }))} />
      <Popover open={open} onOpenChange={setOpen} trigger="click" placement="bottomLeft" content={<Exact key={`${range.start}${range.end}${open}`} startUs={startUs} endUs={endUs} onDone={(next) => { setOpen(false); onChange(next) }} />}>
        <Button className="range-now num">
          {label} <Icon name="down" size={14} />
        </Button>
      </Popover>
    </span>
  )
}

const short = (name: string, language: 'en' | 'zh') => {
  const s = durationSeconds(name) ?? 0
  return language === 'zh' ? span(s, 'zh').replace(' ', '') : name.replace('min', ' min').replace(/(\d)([hd])$/, '$1 $2')
}

function Exact({ startUs, endUs, onDone }: { startUs: number; endUs: number; onDone: (range: TimeRange) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [from, setFrom] = useState(inputTime(startUs))
  const [to, setTo] = useState(inputTime(endUs))
  const a = Date.parse(from) * 1000
  const b = Date.parse(to) * 1000
  const wrong = !(a < b)
  return (
    <div className="range-exact">
      <div className="range-list">
        {PRESETS.map((name) => (
          <Button key={name} size="small" onClick={() => onDone({ start: `-${name}`, end: 'now' })}>
            {short(name, language)}
          </Button>
        ))}
      </div>
      <label className="form-row">
        <span>{t('range.from')}</span>
        <input className="field" type="datetime-local" step={1} value={from} onChange={(e) => setFrom(e.target.value)} />
      </label>
      <label className="form-row">
        <span>{t('range.to')}</span>
        <input className="field" type="datetime-local" step={1} value={to} onChange={(e) => setTo(e.target.value)} />
      </label>
      {wrong ? <p className="bad-text">{t('range.wrong')}</p> : null}
      <Button type="primary" block disabled={wrong} onClick={() => onDone(fixedRange(a, b))}>
        {t('range.apply')}
      </Button>
    </div>
  )
}
