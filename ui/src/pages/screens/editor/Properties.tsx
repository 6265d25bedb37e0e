/** What is said of the item that is chosen; of the whole sheet where none is. */
import { Checkbox, Input, InputNumber, Select } from 'antd'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { useLanguageCode } from '../../../components/preferences'
import type { ScreenWhole } from '../../../core/screencalls'
import { type Limits, resolved, type ScreenItem, type Slot } from '../../../core/screens'
import { spoken } from '../../../core/spoken'
import { isSymbol, KINDS } from '../../../mimic/symbols'
import { edited } from './arrange'
import { ELEMENT_SLOTS } from './calls'
import { ConnectTo } from './ConnectTo'
import { FoundFaults } from './FoundFaults'
import { PictureField } from './PictureField'
import { PointField } from './PointField'
import { SheetProperties } from './SheetProperties'
import type { Editing } from './useEditing'
import type { Pictures } from './usePictures'
import { WhenField } from './WhenField'

const PLACE = ['x', 'y', 'w', 'h'] as const
const LIMITS: readonly (keyof Limits)[] = ['min', 'max', 'low_low', 'low', 'high', 'high_high']
const SPANS = ['', '15min', '1h', '8h', '1d', '7d']
const SWITCHED: readonly Slot[] = ['running', 'fault', 'open']
const WORDED: readonly ScreenItem['is'][] = ['text', 'link']

export function Properties({ edit, told, pictures }: { edit: Editing; told: ScreenWhole | null; pictures: Pictures }) {
  const { t } = useTranslation()
  const findings = told?.findings ?? []
  const only = edit.picked.length === 1 ? edit.picked[0] : undefined
  return (
    <section className="draw-props" aria-label={t('drawing.properties')} aria-live="polite">
      {!only && findings.length ? (
        <>
          <h2>{t('screen.missing', { n: findings.length })}</h2>
          <FoundFaults found={findings} edit={edit} named />
        </>
      ) : null}
      {only ? <ItemProperties key={only.id} item={only} edit={edit} told={told} pictures={pictures} /> : edit.picked.length ? <h2>{t('drawing.chosen', { n: edit.picked.length })}</h2> : <SheetProperties edit={edit} pictures={pictures} />}
    </section>
  )
}

interface ItemPropertiesProps {
  item: ScreenItem
  edit: Editing
  told: ScreenWhole | null
  pictures: Pictures
}

function ItemProperties({ item, edit, told, pictures }: ItemPropertiesProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { screen } = edit
  const change = (field: string, made: Partial<ScreenItem>) => edit.set(edited(edit.items, item.id, made), `${item.id} ${field}`)
  const slots = isSymbol(item.is) ? KINDS[item.is].slots : (ELEMENT_SLOTS[item.is] ?? [])
  const show = (slot: Slot, ref: string) => {
    const { [slot]: _, ...rest } = item.shows ?? {}
    const shows = ref ? { ...item.shows, [slot]: ref } : rest
    change(`shows ${slot}`, { shows: Object.keys(shows).length ? shows : undefined } as Partial<ScreenItem>)
  }
  const when = (slot: Slot, values: number[] | undefined) => {
    const { [slot]: _, ...rest } = item.when ?? {}
    const made = values ? { ...rest, [slot]: values } : rest
    change(`when ${slot}`, { when: Object.keys(made).length ? made : undefined } as Partial<ScreenItem>)
  }
  const statesOf = (ref: string) => {
    const point = told?.points[resolved(ref, told.chosen)]
    return point ? (spoken(language, point).states ?? {}) : {}
  }
  const mine = (told?.findings ?? []).filter((one) => one.item === item.id)
  return (
    <>
      <h2>
        {t(`mimic.symbol.${item.is}`)} <code>{item.id}</code>
      </h2>
      <FoundFaults found={mine} edit={edit} />
      {slots.map((slot) => (
        <div key={slot} className="draw-field">
          <span>{t(`mimic.slot.${slot}`)}</span>
          <PointField label={t('drawing.pointOf', { slot: t(`mimic.slot.${slot}`) })} value={item.shows?.[slot] ?? ''} of={screen.of ?? ''} onChange={(ref) => show(slot, ref)} />
          {SWITCHED.includes(slot) && item.shows?.[slot] ? (
            <>
              <span>{t('drawing.when', { slot: t(`mimic.slot.${slot}`) })}</span>
              <WhenField label={t('drawing.when', { slot: t(`mimic.slot.${slot}`) })} value={item.when?.[slot] ?? []} states={statesOf(item.shows[slot] ?? '')} onChange={(values) => when(slot, values)} />
            </>
          ) : null}
        </div>
      ))}
      {item.is === 'trend' ? <TrendLines item={item} of={screen.of ?? ''} onChange={(lines) => change('lines', { lines })} /> : null}
      {item.is === 'trend' ? (
        <label className="draw-field">
          <span>{t('drawing.span')}</span>
          <Select size="small" value={item.span ?? ''} onChange={(span) => change('span', { span })} options={SPANS.map((span) => ({ value: span, label: span || '1h' }))} />
        </label>
      ) : null}
      {item.is === 'image' ? <PictureField label={t('drawing.file')} value={item.file ?? ''} pictures={pictures} onChange={(file) => change('file', { file })} /> : null}
      <Words item={item} onChange={change} />
      {item.at ? <Place item={item} at={item.at} onChange={change} /> : null}
      {item.at && slots.length ? <LimitFields item={item} onChange={change} /> : null}
      <label className="draw-field">
        <span>{t('drawing.opens')}</span>
        <Input size="small" value={item.opens ?? ''} placeholder="screen:hall" onChange={(event) => change('opens', { opens: event.target.value })} />
      </label>
      {isSymbol(item.is) && KINDS[item.is].ports.length ? <ConnectTo item={item} edit={edit} /> : null}
    </>
  )
}

type Change = (field: string, made: Partial<ScreenItem>) => void

function Words({ item, onChange }: { item: ScreenItem; onChange: Change }) {
  const { t } = useTranslation()
  const name = WORDED.includes(item.is) ? 'drawing.words' : 'drawing.label'
  return (
    <div className="draw-field">
      <span>{t(name)}</span>
      <span className="draw-pair">
        <Input size="small" aria-label={`${t(name)} 中文`} placeholder="中文" value={item.text_zh ?? ''} onChange={(event) => onChange('text_zh', { text_zh: event.target.value })} />
        <Input size="small" aria-label={`${t(name)} English`} placeholder="English" value={item.text ?? ''} onChange={(event) => onChange('text', { text: event.target.value })} />
      </span>
    </div>
  )
}

function Place({ item, at, onChange }: { item: ScreenItem; at: [number, number, number, number]; onChange: Change }) {
  const { t } = useTranslation()
  const id = useId()
  const set = (n: number, value: number | null) => {
    if (value === null) return
    const next: [number, number, number, number] = [...at]
    next[n] = value
    onChange(`at ${n}`, { at: next })
  }
  return (
    <div className="draw-place" role="group" aria-labelledby={id}>
      <span id={id}>{t('drawing.place')}</span>
      {PLACE.map((name, n) => (
        <InputNumber key={name} size="small" prefix={name} aria-label={t(`drawing.at.${name}`)} value={at[n] ?? 0} {...(n > 1 ? { min: 1 } : {})} onChange={(value) => set(n, value)} />
      ))}
      {isSymbol(item.is) ? (
        <Checkbox checked={item.flip ?? false} onChange={(event) => onChange('flip', { flip: event.target.checked || undefined } as Partial<ScreenItem>)}>
          {t('drawing.flipped')}
        </Checkbox>
      ) : null}
      <InputNumber size="small" prefix="°" min={0} max={359} aria-label={t('drawing.turned')} value={item.turn ?? 0} onChange={(turn) => onChange('turn', { turn: turn || undefined } as Partial<ScreenItem>)} />
    </div>
  )
}

function LimitFields({ item, onChange }: { item: ScreenItem; onChange: Change }) {
  const { t } = useTranslation()
  const set = (name: keyof Limits, value: number | null) => {
    const made: Limits = { ...item.limits, [name]: value ?? undefined }
    for (const key of LIMITS) if (made[key] === undefined || made[key] === null) delete made[key]
    onChange(`limit ${name}`, { limits: Object.keys(made).length ? made : undefined } as Partial<ScreenItem>)
  }
  return (
    <details className="draw-limits" open={Boolean(item.limits)}>
      <summary>{t('drawing.limits')}</summary>
      <div className="draw-place">
        {LIMITS.map((name) => (
          <InputNumber key={name} size="small" aria-label={t(`drawing.limit.${name}`)} placeholder={t(`drawing.limit.${name}`)} title={t(`drawing.limit.${name}`)} value={item.limits?.[name] ?? null} onChange={(value) => set(name, value)} />
        ))}
      </div>
    </details>
  )
}

function TrendLines({ item, of, onChange }: { item: ScreenItem; of: string; onChange: (lines: string[]) => void }) {
  const { t } = useTranslation()
  const lines = item.lines ?? []
  return (
    <div className="draw-field">
      <span>{t('drawing.lines')}</span>
      <span className="draw-lines">
        {[...lines, ...(lines.length < 8 ? [''] : [])].map((ref, at) => (
          <PointField key={`${at} ${ref}`} label={t('drawing.line', { n: at + 1 })} value={ref} of={of} onChange={(next) => onChange([...lines.slice(0, at), ...(next ? [next] : []), ...lines.slice(at + 1)])} />
        ))}
      </span>
    </div>
  )
}
