/** Ten thousand rows, drawn as they are seen. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { VirtualList } from '../../components/VirtualList'
import { Empty } from '../../components/notes'
import type { SqlResult } from '../../wire/api'

const ROW = 28
const SAMPLE = 60
const CHAR_PX = 8

const isNumber = (type: string) => /^(u?int|float|double|decimal)/i.test(type)

function text(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'object') return JSON.stringify(value)
  if (typeof value === 'string') return value.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:(\.\d*?[1-9])0*|\.0+)?(?:Z|\+00:00)$/, '$1 $2$3Z')
  return String(value)
}

export function ResultTable({ result }: { result: SqlResult }) {
  const { t } = useTranslation()
  const grid = useMemo(() => {
    const widths = result.columns.map((column, i) => {
      let most = column.name.length + 1
      for (const row of result.rows.slice(0, SAMPLE)) most = Math.max(most, text(row[i]).length)
      return Math.min(420, Math.max(64, Math.ceil(most * CHAR_PX) + 24))
    })
    return { template: widths.map((w) => `${w}px`).join(' '), width: widths.reduce((sum, w) => sum + w, 52) }
  }, [result])
  if (result.rows.length === 0) return <Empty title={t('sql.noRows')} />
  return (
    <VirtualList
      className="result"
      role="table"
      label={t('sql.table')}
      count={result.rows.length}
      rowHeight={ROW}
      header={
        <div className="result-row result-head" role="row" style={{ gridTemplateColumns: `52px ${grid.template}`, width: grid.width }}>
          <span />
          {result.columns.map((column, i) => (
            <span key={i} role="columnheader" className={isNumber(column.type) ? 'r' : ''} title={column.type}>
              {column.name}
            </span>
          ))}
        </div>
      }
      row={(i) => (
        <div key={i} className="result-row" role="row" style={{ gridTemplateColumns: `52px ${grid.template}`, height: ROW, width: grid.width }}>
          <span className="r faint num">{i + 1}</span>
          {result.columns.map((column, c) => {
            const value = result.rows[i]?.[c]
            return (
              <span key={c} role="cell" className={isNumber(column.type) ? 'r num' : 'num'} title={text(value)}>
                {value === null ? <i className="faint">null</i> : text(value)}
              </span>
            )
          })}
        </div>
      )}
    />
  )
}
