/** What the chart shows of the points: over time, one against another, or how long where; compared, scaled, annotated. */
import { Button, Dropdown, Input, Popover, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { useLanguageCode } from '../../components/preferences'
import { span, unitText } from '../../core/format'
import { durationSeconds } from '../../core/time'
import { LAYOUTS, type TrendState, VIEWS } from '../../core/trendstate'

const BEFORE = ['1h', '1d', '7d', '28d'] as const

export interface TrendToolsProps {
  state: TrendState
  units: readonly string[]
  onState: (next: TrendState) => void
  onAnnotate: () => void
}

export function TrendTools({ state, units, onState, onAnnotate }: TrendToolsProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [own, setOwn] = useState('')
  const said = (text: string) => span(durationSeconds(text) ?? 0, language)
  const timed = state.view === 'time'
  return (
    <div className="trend-bar trend-tools">
      <Segmented aria-label={t('view.label')} value={state.view} onChange={(view) => onState({ ...state, view })} options={VIEWS.map((view) => ({ value: view, label: t(`view.${view}`) }))} />
      {timed ? <Segmented aria-label={t('layout.label')} value={state.layout} onChange={(layout) => onState({ ...state, layout })} options={LAYOUTS.map((layout) => ({ value: layout, label: t(`layout.${layout}`) }))} /> : null}
      {timed ? (
        <Dropdown
          trigger={['click']}
          menu={{
            selectedKeys: [state.compare || 'none'],
            items: [{ key: 'none', label: t('compare.none') }, ...BEFORE.map((key) => ({ key, label: t('compare.before', { span: said(key) }) }))],
            onClick: ({ key }) => onState({ ...state, compare: key === 'none' ? '' : key }),
          }}
          popupRender={(menu) => (
            <div className="compare-menu ant-dropdown-menu">
              {menu}
              <Input
                size="small"
                value={own}
                status={own && !durationSeconds(own) ? 'error' : ''}
                placeholder={t('compare.own')}
                aria-label={t('compare.own')}
                onChange={(e) => setOwn(e.target.value)}
                onPressEnter={() => durationSeconds(own) && onState({ ...state, compare: own.trim() })}
              />
            </div>
          )}
        >
          <Button type="text" className={state.compare ? 'is-on' : ''}>
            {state.compare ? t('compare.before', { span: said(state.compare) }) : t('compare.title')} <Icon name="down" size={14} />
          </Button>
        </Dropdown>
      ) : null}
      {timed && units.length ? (
        <Popover trigger="click" placement="bottom" content={<Scales state={state} units={units} onState={onState} />}>
          <Button type="text" className={Object.keys(state.scales).length ? 'is-on' : ''}>
            {t('scales.title')} <Icon name="down" size={14} />
          </Button>
        </Popover>
      ) : null}
      {timed ? (
        <Button type="text" onClick={onAnnotate}>
          {t('annotate.title')}
        </Button>
      ) : null}
    </div>
  )
}

function Scales({ state, units, onState }: { state: TrendState; units: readonly string[]; onState: (next: TrendState) => void }) {
  const { t } = useTranslation()
  return (
    <div className="scales">
      {units.map((unit) => (
        <Scale
          key={`${unit}${state.scales[unit]?.join() ?? ''}`}
          unit={unit}
          held={state.scales[unit]}
          onChange={(ends) => {
            const { [unit]: _gone, ...rest } = state.scales
            onState({ ...state, scales: ends ? { ...rest, [unit]: ends } : rest })
          }}
        />
      ))}
      <p className="muted small">{t('scales.hint')}</p>
    </div>
  )
}

function Scale({ unit, held, onChange }: { unit: string; held: [number, number] | undefined; onChange: (ends: [number, number] | null) => void }) {
  const { t } = useTranslation()
  const [low, setLow] = useState(held ? String(held[0]) : '')
  const [high, setHigh] = useState(held ? String(held[1]) : '')
  const wrong = low !== '' && high !== '' && !(Number(low) < Number(high))
  const settle = () => {
    if (low === '' || high === '') {
      if (held) onChange(null)
    } else if (!wrong) onChange([Number(low), Number(high)])
  }
  const name = unitText(unit) || t('scales.bare')
  return (
    <div className="scale-row">
      <span>{name}</span>
      <Input size="small" inputMode="decimal" value={low} status={wrong ? 'error' : ''} placeholder={t('scales.auto')} aria-label={t('scales.low', { unit: name })} onChange={(e) => setLow(e.target.value)} onBlur={settle} onPressEnter={settle} />
      <Input size="small" inputMode="decimal" value={high} status={wrong ? 'error' : ''} placeholder={t('scales.auto')} aria-label={t('scales.high', { unit: name })} onChange={(e) => setHigh(e.target.value)} onBlur={settle} onPressEnter={settle} />
    </div>
  )
}
