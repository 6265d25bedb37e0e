/** All that can be laid on a drawing, found by its word in either language; dragged, or laid by a click or Enter. */
import { Input } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../../components/Icon'
import { MimicSymbol } from '../../../mimic/MimicSymbol'
import { PLAIN } from '../../../mimic/state'
import { isSymbol, KINDS } from '../../../mimic/symbols'
import { LAID, type What } from './fresh'

export const DRAG_WHAT = 'application/x-baigong-symbol'
const SIDE = 36

export function Palette({ onLay }: { onLay: (what: What) => void }) {
  const { t, i18n } = useTranslation()
  const [search, setSearch] = useState('')
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase()
    const words = (what: What) => [what, t(`mimic.symbol.${what}`), ...['en', 'zh'].map((lng) => (i18n.hasResourceBundle(lng, 'translation') ? t(`mimic.symbol.${what}`, { lng }) : ''))]
    return LAID.filter((what) => !wanted || words(what).some((word) => word.toLowerCase().includes(wanted)))
  }, [search, t, i18n])
  return (
    <section className="draw-palette" aria-label={t('drawing.palette')}>
      <Input allowClear size="small" prefix={<Icon name="search" size={14} />} placeholder={t('drawing.find')} aria-label={t('drawing.find')} value={search} onChange={(event) => setSearch(event.target.value)} />
      <ul>
        {shown.map((what) => (
          <li key={what}>
            <button type="button" draggable title={t('drawing.lay', { what: t(`mimic.symbol.${what}`) })} onClick={() => onLay(what)} onDragStart={(event) => event.dataTransfer.setData(DRAG_WHAT, what)}>
              <Picture what={what} />
              <span>{t(`mimic.symbol.${what}`)}</span>
            </button>
          </li>
        ))}
      </ul>
      {shown.length ? null : <p className="muted small">{t('search.none')}</p>}
    </section>
  )
}

const SIGNS: Partial<Record<What, string>> = { text: 'Aa', value: '12.5', state: 'I / O', link: '↗' }
const LINES: Partial<Record<What, string>> = {
  bar: 'M13 4H23V32H13ZM13 20H23',
  gauge: 'M5 26C2 12 14 6 18 6C22 6 34 12 31 26M18 24L25 13',
  trend: 'M4 4V32H32M7 24L14 16L20 21L31 9',
  image: 'M4 7H32V29H4ZM4 25L13 17L20 23L25 19L32 25',
}

function Picture({ what }: { what: What }) {
  if (isSymbol(what)) {
    const [w, h] = KINDS[what].size
    const by = Math.min(1, SIDE / Math.max(w, h))
    return (
      <svg width={SIDE} height={SIDE} aria-hidden="true">
        <MimicSymbol symbol={what} x={(SIDE - w * by) / 2} y={(SIDE - h * by) / 2} w={w * by} h={h * by} look={PLAIN} />
      </svg>
    )
  }
  return (
    <svg width={SIDE} height={SIDE} aria-hidden="true">
      {LINES[what] ? <path className="sym-line" d={LINES[what]} /> : null}
      {SIGNS[what] ? (
        <text className="sym-letters" x={SIDE / 2} y={SIDE / 2} fontSize={13} textAnchor="middle" dominantBaseline="central">
          {SIGNS[what]}
        </text>
      ) : null}
    </svg>
  )
}
