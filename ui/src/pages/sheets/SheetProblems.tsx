/** Cells that were not understood, each with its place, what stands there, and why. */
import { useTranslation } from 'react-i18next'
import { type SheetProblem, whyKey } from '../../core/sheets'

const SHOWN = 30

export function SheetProblems({ problems, counts }: { problems: SheetProblem[]; counts: Record<string, number> }) {
  const { t } = useTranslation()
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0)
  if (!total) return <p className="muted">✓ {t('sheets.allUnderstood')}</p>
  return (
    <details className="sheet-problems" open>
      <summary>
        ⚠ {t('sheets.notUnderstood', { n: total })} {Object.entries(counts).map(([why, n]) => `${t(whyKey(why))}: ${n}`).join(' · ')}
      </summary>
      <ul>
        {problems.slice(0, SHOWN).map((one) => (
          <li key={`${one.cell}${one.why}`}>
            <b>{one.cell}</b> {one.shown ? <q>{one.shown}</q> : null} {t(whyKey(one.why))}
          </li>
        ))}
        {total > Math.min(problems.length, SHOWN) ? <li className="muted">{t('sheets.andMore', { n: total - Math.min(problems.length, SHOWN) })}</li> : null}
      </ul>
    </details>
  )
}
