/** Range, layout, exports, copies. */
import { Button, Dropdown } from 'antd'
import type uPlot from 'uplot'
import { useTranslation } from 'react-i18next'
import { pictureOf } from '../../charts/picture'
import { useCopy } from '../../components/CopyButton'
import { Icon } from '../../components/Icon'
import { usePreferences } from '../../components/preferences'
import { useTrouble } from '../../components/useTrouble'
import { RangePicker } from '../../components/RangePicker'
import { exportLink } from '../../core/calls'
import { saveAs } from '../../core/save'
import { asCurl, asPython, asSql } from '../../core/snippets'
import { clock, nowUs, panned, resolve, zoomed } from '../../core/time'
import type { TrendState } from '../../core/trendstate'

export interface TrendBarProps {
  state: TrendState
  onState: (next: TrendState) => void
  live: boolean
  plots: Map<string, uPlot>
  onPick: () => void
}

export function TrendBar({ state, onState, live, plots, onPick }: TrendBarProps) {
  const { t } = useTranslation()
  const { theme } = usePreferences()
  const trouble = useTrouble()
  const copy = useCopy()
  const origin = location.origin
  const names = state.points
  const window_ = () => resolve(state.range, nowUs())
  const pan = (part: number) => {
    const { startUs, endUs } = window_()
    onState({ ...state, range: panned(startUs, endUs, part) })
  }
  const zoom = (factor: number) => {
    const { startUs, endUs } = window_()
    onState({ ...state, range: zoomed(startUs, endUs, (startUs + endUs) / 2, factor) })
  }
  const picture = async () => {
    const { startUs, endUs } = window_()
    const title = `${clock(startUs, Date.now(), { date: true })} – ${clock(endUs, Date.now(), { date: true })}`
    try {
      const blob = await pictureOf([...plots.values()].map((u) => u.ctx.canvas), title, names.map((label, colour) => ({ label, colour })), theme)
      saveAs('baigong-trend.png', blob)
    } catch (error) {
      trouble(error)
    }
  }
  const file = (format: 'csv' | 'parquet') => {
    const { startUs, endUs } = window_()
    const link = document.createElement('a')
    link.href = exportLink(names, String(startUs), String(Math.round(endUs)), format)
    link.download = `baigong-series.${format}`
    link.click()
  }
  return (
    <div className="trend-bar" role="toolbar" aria-label={t('trends.tools')}>
      <Button className="trends-pick" icon={<Icon name="plus" size={16} />} onClick={onPick} aria-label={t('trends.pick')} />
      <RangePicker range={state.range} onChange={(range) => onState({ ...state, range })} />
      <span className="group">
        <Button type="text" onClick={() => pan(-0.5)} aria-label={t('trends.back')} title={t('trends.back')}>
          ‹
        </Button>
        <Button type="text" onClick={() => zoom(0.5)} aria-label={t('trends.in')} title={t('trends.in')}>
          +
        </Button>
        <Button type="text" onClick={() => zoom(2)} aria-label={t('trends.out')} title={t('trends.out')}>
          −
        </Button>
        <Button type="text" onClick={() => pan(0.5)} aria-label={t('trends.forth')} title={t('trends.forth')}>
          ›
        </Button>
      </span>
      {live ? <span className="live-mark is-live">{t('trends.live')}</span> : null}
      <span className="grow" />
      <Button type="text" className={state.episodes ? 'is-on' : ''} aria-pressed={state.episodes} onClick={() => onState({ ...state, episodes: !state.episodes })}>
        {t('word.episode')}
      </Button>
      <Dropdown
        trigger={['click']}
        disabled={!names.length}
        menu={{
          items: [
            { key: 'csv', label: t('export.csv'), onClick: () => file('csv') },
            { key: 'parquet', label: t('export.parquet'), onClick: () => file('parquet') },
            { key: 'png', label: t('export.png'), onClick: () => void picture() },
          ],
        }}
      >
        <Button icon={<Icon name="download" size={16} />} aria-label={t('export.title')} title={t('export.title')} disabled={!names.length}>
          <span className="wide-only">{t('export.title')}</span>
        </Button>
      </Dropdown>
      <Dropdown
        trigger={['click']}
        disabled={!names.length}
        menu={{
          items: [
            { key: 'link', label: t('copy.link'), onClick: () => copy(location.href) },
            { key: 'python', label: t('copy.python'), onClick: () => copy(asPython(origin, names, state.range, nowUs())) },
            { key: 'curl', label: t('copy.curl'), onClick: () => copy(asCurl(origin, names, state.range, nowUs())) },
            { key: 'sql', label: t('copy.sql'), onClick: () => copy(asSql(names, state.range, nowUs())) },
          ],
        }}
      >
        <Button icon={<Icon name="copy" size={16} />} aria-label={t('copy.title')} title={t('copy.title')} disabled={!names.length}>
          <span className="wide-only">{t('copy.title')}</span>
        </Button>
      </Dropdown>
    </div>
  )
}
