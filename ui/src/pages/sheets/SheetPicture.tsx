/** The upper left of a sheet as it is, its cells framed and named by what they were taken for. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { boxOf, letters, ROLES, rolesOf, type SheetDrawn, type SheetTable, whyKey, within } from '../../core/sheets'

interface Props {
  drawn: SheetDrawn
  tables: SheetTable[]
  chosen: number
  onChoose: (table: number) => void
}

export function SheetPicture({ drawn, tables, chosen, onChoose }: Props) {
  const { t } = useTranslation()
  const roleOf = useMemo(() => rolesOf(tables, drawn.name), [tables, drawn.name])
  const here = useMemo(() => tables.filter((one) => one.sheet === drawn.name), [tables, drawn.name])
  const odd = useMemo(() => new Map(here.flatMap((one) => one.problems.map((p) => [p.cell, p.why] as const))), [here])
  const merges = useMemo(() => drawn.merges.map(boxOf), [drawn.merges])
  const used = new Set(here.flatMap((one) => one.findings.map((f) => f.role)))
  const columns = drawn.cells[0]?.map((_, at) => drawn.left + at) ?? []
  return (
    <figure className="sheet-picture">
      <div className="sheet-scroll" tabIndex={0} role="region" aria-label={t('sheets.picture')}>
        <table>
          <thead>
            <tr>
              <th />
              {columns.map((column) => (
                <th key={column}>{letters(column)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {drawn.cells.map((cells, at) => {
              const row = drawn.top + at
              return (
                <tr key={row}>
                  <th>{row + 1}</th>
                  {cells.map((text, index) => {
                    const column = drawn.left + index
                    const merge = merges.find((one) => within(one, row, column))
                    const last = merge && Math.min(merge.right, drawn.left + cells.length - 1)
                    if (merge && (merge.top !== row || merge.left !== column)) return null
                    const found = roleOf(row, column)
                    const why = odd.get(`${letters(column)}${row + 1}`)
                    const name = [found ? `role-${found.role}` : 'role-none', found && found.table !== chosen ? 'is-other' : '', why ? 'is-odd' : ''].join(' ')
                    const title = [found ? t(`sheets.role.${found.role}`) : t('sheets.role.none'), why ? t(whyKey(why)) : ''].filter(Boolean).join(' · ')
                    return (
                      <td key={column} className={name} title={title} rowSpan={merge ? Math.min(merge.bottom, drawn.top + drawn.cells.length - 1) - merge.top + 1 : 1} colSpan={last ? last - merge.left + 1 : 1} onClick={() => found && onChoose(found.table)}>
                        {why ? <span aria-label={t(whyKey(why))}>⚠ </span> : null}
                        {text}
                      </td>
                    )
                  })}
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <figcaption className="sheet-legend">
        {ROLES.filter((role) => used.has(role)).map((role) => (
          <span key={role} className={`role-${role}`}>
            {t(`sheets.role.${role}`)}
          </span>
        ))}
        {drawn.high > drawn.cells.length || drawn.wide > columns.length ? <em>{t('sheets.more', { rows: drawn.high.toLocaleString('en-US'), columns: drawn.wide })}</em> : null}
      </figcaption>
    </figure>
  )
}
