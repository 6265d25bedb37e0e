/** What each line is, what it reads under the pointer and at the two marks, and the difference. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link } from '../../components/navigation'
import { usePreferences } from '../../components/preferences'
import { StateMark } from '../../components/StateMark'
import { useWhyHandlers } from '../../components/Reading'
import { useWhy } from '../../components/WhyContext'
import { count, number, span, unitText } from '../../core/format'
import { colourOf, dashOf } from '../../core/palette'
import { isSimulated } from '../../core/quality'
import { pointLink } from '../../core/route'
import { type Trace, valueAt } from '../../core/series'
import { clock, usOf } from '../../core/time'
import type { PointStatistics } from '../../wire/api'
import { fullTitle } from '../../core/spoken'
import { COUNTED, removed, type TrendState, withCounted } from '../../core/trendstate'

export interface TrendLegendProps {
  state: TrendState
  traces: readonly Trace[]
  /** Seconds. */
  hover: number | null
  marks: readonly number[]
  tookMs: number
  statistics: ReadonlyMap<string, PointStatistics> | null
  onState: (next: TrendState) => void
  onClearMarks: () => void
}

export function TrendLegend({ state, traces, hover, marks, tookMs, statistics, onState, onClearMarks }: TrendLegendProps) {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const [a, b] = marks
  const time = (s: number | undefined | null) => (s === undefined || s === null ? '' : clock(usOf(s), Date.now(), { ms: true }))
  const rows = traces.reduce((sum, trace) => sum + trace.head.rows, 0)
  const byName = new Map(traces.map((trace) => [trace.head.name, trace]))
  return (
    <div className="legend">
      <table className="table tight">
        <thead>
          <tr>
            <th>{t('word.point')}</th>
            <th className="r num">
              {hover !== null ? t('legend.cursor') : t('legend.last')} <small>{time(hover)}</small>
            </th>
            <th className="r num legend-stat" title={t('legend.window')}>
              {t('legend.least')}
            </th>
            <th className="r num legend-stat" title={t('legend.meanHint')}>
              {t('legend.mean')}
            </th>
            <th className="r num legend-stat" title={t('legend.window')}>
              {t('legend.greatest')}
            </th>
            <th className="r num">
              A <small>{time(a)}</small>
            </th>
            <th className="r num">
              B <small>{time(b)}</small>
            </th>
            <th className="r num">
              B − A <small>{a !== undefined && b !== undefined ? span(b - a, language) : ''}</small>
            </th>
            <th aria-label={t('common.more')} />
          </tr>
        </thead>
        <tbody>
          {state.points.map((name, i) => (
            <Row key={name} name={name} index={i} trace={byName.get(name)} found={statistics?.get(name)} {...{ state, hover, a, b, onState }} />
          ))}
        </tbody>
      </table>
      <p className="muted small legend-foot">
        {marks.length ? (
          <Button size="small" type="link" onClick={onClearMarks}>
            {t('legend.clear')}
          </Button>
        ) : (
          t('legend.hint')
        )}
        <span className="num">{t('legend.rows', { n: count(rows, language), ms: Math.round(tookMs) })}</span>
      </p>
    </div>
  )
}

function Row({ name, index, trace, found, state, hover, a, b, onState }: { name: string; index: number; trace: Trace | undefined; found: PointStatistics | undefined; state: TrendState; hover: number | null; a: number | undefined; b: number | undefined; onState: (next: TrendState) => void }) {
  const { t } = useTranslation()
  const { theme, language } = usePreferences()
  const why = useWhy()
  const handlers = useWhyHandlers(name)
  const hidden = state.hidden.includes(name)
  const last = trace && trace.t.length ? (trace.t[trace.t.length - 1] ?? null) : null
  const at = (s: number | undefined | null) => (trace && s !== undefined && s !== null ? valueAt(trace, s) : null)
  const text = (value: number | null) => {
    if (!trace || value === null) return '–'
    if (trace.words) return trace.words[Math.round(value)] ?? '–'
    if (trace.head.kind === 'state') return trace.head.states?.[String(value)] ?? String(value)
    return number(value, 6)
  }
  const va = at(a)
  const vb = at(b)
  const numeric = trace && !trace.words && trace.head.kind !== 'state'
  const simulated = trace?.q.length ? isSimulated(trace.q[trace.q.length - 1] ?? 0) : false
  const colour = colourOf(index, theme)
  return (
    <tr className={hidden ? 'is-hidden' : ''} {...handlers}>
      <td className="main-cell">
        <svg width="22" height="10" aria-hidden="true">
          <line x1="0" y1="5" x2="22" y2="5" stroke={colour} strokeWidth="2.5" strokeDasharray={dashOf(index).join(' ')} />
        </svg>{' '}
        <Link href={pointLink(name)} title={name}>{trace ? fullTitle(language, trace.head) : name}</Link> <i className="unit">{trace ? unitText(trace.head.unit) : ''}</i>
        {trace?.head.kind === 'counter' || state.counted[name] ? (
          <select className="legend-counted" aria-label={`${t('legend.counted')} ${name}`} value={state.counted[name] ?? 'value'} onChange={(event) => onState(withCounted(state, name, COUNTED.find((how) => how === event.target.value)))}>
            {(['value', ...COUNTED] as const).map((how) => (
              <option key={how} value={how}>{t(`legend.as.${how}`)}</option>
            ))}
          </select>
        ) : null}
        {simulated ? <StateMark state="simulated" word={false} size={12} /> : null}
        {trace?.head.kind === 'burst' ? (
          <small> <Link href={pointLink(name)}>{t('burst.title')}</Link></small>
        ) : trace && trace.t.length === 0 ? <small className="muted"> {t('legend.empty')}</small> : null}
      </td>
      <td className="r num" data-label={t('legend.cursor')}>{text(at(hover ?? last))}</td>
      {(['least', 'mean', 'greatest'] as const).map((which) => (
        <td key={which} className="r num legend-stat" data-label={t(`legend.${which}`)}>
          {numeric ? number(found?.[which] ?? null, 5) : '–'}
        </td>
      ))}
      <td className="r num" data-label="A">{text(va)}</td>
      <td className="r num" data-label="B">{text(vb)}</td>
      <td className="r num" data-label="B − A">{numeric && va !== null && vb !== null ? number(vb - va, 6) : '–'}</td>
      <td className="r tools">
        <Button type="text" size="small" icon={<Icon name="why" size={15} />} aria-label={`${t('why.title')} ${name}`} title={t('why.title')} onClick={() => (hover === null && a !== undefined ? why(name, usOf(a)) : why(name))} />
        <Button type="text" size="small" icon={<Icon name={hidden ? 'eyeOff' : 'eye'} size={15} />} aria-pressed={hidden} aria-label={`${t('legend.hide')} ${name}`} title={t('legend.hide')} onClick={() => onState({ ...state, hidden: hidden ? state.hidden.filter((other) => other !== name) : [...state.hidden, name] })} />
        <Button type="text" size="small" icon={<Icon name="close" size={15} />} aria-label={`${t('legend.remove')} ${name}`} title={t('legend.remove')} onClick={() => onState(removed(state, name))} />
      </td>
    </tr>
  )
}
