import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { ErrorNote, Waiting } from '../../components/notes'
import type { SavedQuery } from '../../core/savedqueries'
import type { Problem, SqlTable } from '../../wire/api'

export interface SchemaSideProps {
  tables: readonly SqlTable[]
  problem: Problem | null
  saved: readonly SavedQuery[]
  onPick: (sql: string) => void
  onForget: (name: string) => void
}

export function SchemaSide({ tables, problem, saved, onPick, onForget }: SchemaSideProps) {
  const { t } = useTranslation()
  const [open, setOpen] = useState<string | null>('telemetry')
  return (
    <aside className="sql-side">
      <h2>{t('sql.tables')}</h2>
      {problem ? <ErrorNote problem={problem} /> : tables.length === 0 ? <Waiting rows={5} /> : null}
      <ul className="schema">
        {tables.map((table) => (
          <li key={table.name}>
            <span className="schema-head">
              <button type="button" className={`tree-open ${open === table.name ? 'is-open' : ''}`} aria-expanded={open === table.name} onClick={() => setOpen(open === table.name ? null : table.name)}>
                <Icon name="chevron" size={13} /> <code>{table.name}</code>
              </button>
              <Button type="text" size="small" icon={<Icon name="play" size={12} />} title={t('sql.peek')} aria-label={`${t('sql.peek')} ${table.name}`} onClick={() => onPick(`select * from ${table.name} limit 100`)} />
            </span>
            {open === table.name ? (
              <ul>
                {table.columns.map((column) => (
                  <li key={column.name}>
                    <code>{column.name}</code> <small className="muted">{column.type.replace('timestamp[us, tz=UTC]', 'timestamptz')}</small>
                  </li>
                ))}
              </ul>
            ) : null}
          </li>
        ))}
      </ul>
      <h2>{t('sql.saved')}</h2>
      {saved.length === 0 ? <p className="muted small">{t('sql.noneSaved')}</p> : null}
      <ul className="schema">
        {saved.map((query) => (
          <li key={query.name} className="schema-head">
            <button type="button" className="tree-open" onClick={() => onPick(query.sql)} title={query.sql}>
              {query.name}
            </button>
            <Button type="text" size="small" icon={<Icon name="close" size={13} />} aria-label={`${t('sql.forget')} ${query.name}`} onClick={() => onForget(query.name)} />
          </li>
        ))}
      </ul>
    </aside>
  )
}
