/** The links of a lot as an indented drawing: it folds nothing away, and reads on a phone. */
import { useMemo, useState } from 'react'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { number, unitText } from '../../core/format'
import { linesOf, type Lot, lotLink, type Trace, type Way } from '../../core/lots'

const SHOWN = 300
const DEEP = 12 // steps that are indented; deeper ones stand below each other

export function LotTree({ held, way }: { held: Trace; way: Way }) {
  const { t } = useTranslation()
  const [all, setAll] = useState(false)
  const lines = useMemo(() => linesOf(held), [held])
  const known = useMemo(() => new Map<string, Lot>(held.lots.map((one) => [one.lot, one])), [held])
  return (
    <section className="card">
      <h2>{t(way === 'back' ? 'lots.back' : 'lots.forward')}</h2>
      <p className="muted small">{t('lots.count', { lots: held.lots.length - 1, links: held.links.length })}</p>
      <ul className="lot-lines">
        {lines.slice(0, all ? undefined : SHOWN).map((line) => {
          const lot = known.get(line.lot)
          const amount = typeof lot?.quantity === 'number' ? `${number(lot.quantity)} ${unitText(lot.unit)}`.trim() : ''
          return (
            <li key={line.key} style={{ paddingInlineStart: `${Math.min(line.depth, DEEP) * 18}px` }} aria-label={`${line.depth}: ${line.lot}`}>
              <span className="lot-line">
                {line.depth ? <Link href={lotLink(line.lot, way)}>{line.lot}</Link> : <b>{line.lot}</b>}
                {lot?.material ? <span className="tag">{lot.material}</span> : null}
                {amount ? <span className="num muted">{amount}</span> : null}
                {line.again ? <span className="muted">{t('lots.again')}</span> : null}
                {line.episodes.length ? <small className="muted">{line.episodes.join(', ')}</small> : null}
              </span>
            </li>
          )
        })}
      </ul>
      {!all && lines.length > SHOWN ? <Button onClick={() => setAll(true)}>{t('assets.more', { n: lines.length - SHOWN })}</Button> : null}
    </section>
  )
}
