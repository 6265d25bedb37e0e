/** The table as it was read: rows with something wrong first, each finding at its row and field. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import type { Finding } from '../../core/assets'
import type { AssetTable } from '../../core/assettable'
import { KINDS } from '../../core/relations'

const SHOWN = 100

export function ImportTable({ table, findings }: { table: AssetTable; findings: readonly Finding[] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const wrong = useMemo(() => {
    const out = new Map<number, { field: string; text: string }[]>()
    const add = (row: number, field: string, text: string) => out.set(row, [...(out.get(row) ?? []), { field, text }])
    for (const one of table.findings) add(one.row, one.field, t(`assets.finding.${one.what}`))
    for (const one of findings) add(one.row, one.field, inLanguage(language, one.message, one.message_zh))
    return out
  }, [table, findings, t, language])
  const order = useMemo(() => {
    const bad = [...wrong.keys()].filter((row) => row > 0).sort((a, b) => a - b)
    const rest = table.rows.map((_, i) => i + 1).filter((row) => !wrong.has(row))
    return [...bad, ...rest].slice(0, SHOWN)
  }, [table, wrong])
  const label = (i: number) => {
    const column = table.columns[i]
    const kind = KINDS.find((one) => one === table.relations[i])
    return column ? t(`assets.field.${column}`) : kind ? t(`assets.relationKind.${kind}`) : table.head[i]
  }
  return (
    <div className="asset-import">
      {(wrong.get(0) ?? []).map((one) => (
        <p key={one.field + one.text} className="bad-text">
          {one.text} {one.field ? <code>{one.field}</code> : null}
        </p>
      ))}
      <div className="asset-sheet">
        <table className="table tight keep">
          <thead>
            <tr>
              <th className="r">{t('assets.row')}</th>
              {table.head.map((_, i) => (
                <th key={i}>
                  {label(i)}
                  <small>{table.columns[i] ?? (table.relations[i] ? t('assets.relation') : t('assets.property'))}</small>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {order.map((row) => {
              const bad = wrong.get(row) ?? []
              return [
                <tr key={row} className={bad.length ? 'is-wrong' : ''}>
                  <td className="r num">{row + 1}</td>
                  {table.head.map((name, i) => (
                    <td key={i} className={bad.some((one) => one.field === (table.columns[i] ?? name)) ? 'is-wrong' : ''}>
                      {table.rows[row - 1]?.[i]}
                    </td>
                  ))}
                </tr>,
                bad.length ? (
                  <tr key={`${row} why`} className="asset-why">
                    <td className="r">
                      <Icon name="why" size={14} />
                    </td>
                    <td colSpan={table.head.length}>
                      {bad.map((one) => (
                        <p key={one.field + one.text}>
                          <b>{table.columns.includes(one.field as 'asset') ? t(`assets.field.${one.field as 'asset'}`) : one.field}</b> {one.text}
                        </p>
                      ))}
                    </td>
                  </tr>
                ) : null,
              ]
            })}
          </tbody>
        </table>
      </div>
      {table.rows.length > order.length ? <p className="muted small">{t('assets.more', { n: table.rows.length - order.length })}</p> : null}
    </div>
  )
}
