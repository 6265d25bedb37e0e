/** What a type makes: points, properties, alarms and KPIs, each with its unit in words and the type that it comes from. */
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { useLanguageCode } from '../../components/preferences'
import { unitText } from '../../core/format'
import { typeLink } from '../../core/route'
import { type Row, rowsOf, type TypeWhole } from '../../core/types'
import { RulesMade, type RulesMadeProps } from './RulesMade'

export interface MadeProps {
  made: Pick<TypeWhole, 'whole' | 'came' | 'units' | 'chain'>
  onEdit?: RulesMadeProps['onEdit']
}

export function Made({ made, onEdit = null }: MadeProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const own = made.chain.at(-1) ?? ''
  return (
    <div className="card type-made">
      {(['points', 'properties'] as const).map((what) => (
        <section key={what}>
          <h2>
            {t(`types.${what}`)} <small className="muted num">{Object.keys(made.whole[what] ?? {}).length}</small>
          </h2>
          <ul>
            {rowsOf(made, what, language).map((row) => (
              <Line key={row.name} row={row} what={what} own={own} />
            ))}
          </ul>
        </section>
      ))}
      <RulesMade made={made} onEdit={onEdit} />
    </div>
  )
}

function Line({ row, what, own }: { row: Row; what: 'points' | 'properties'; own: string }) {
  const { t } = useTranslation()
  const kind = what === 'points' ? t(`kind.${row.kind as 'gauge'}`) : t(`types.kind.${row.kind as 'text'}`)
  return (
    <li>
      <span>
        <b>{row.title || row.name}</b> <code>{row.name}</code>
        {row.states.length ? <small>{row.states.map(([code, word]) => `${code} ${word}`).join(' · ')}</small> : null}
        {row.semantic ? <small>{row.semantic}</small> : null}
      </span>
      <span>
        {row.unit ? (
          <>
            {unitText(row.unit)} <small>{row.words}</small>
          </>
        ) : (
          <small>{kind}</small>
        )}
      </span>
      <span>
        {row.required ? t('types.required') : <small>{t('types.optional')}</small>}
        <small>{row.from === own ? t('types.itself') : <Link href={typeLink(row.from)}>{row.from}</Link>}</small>
      </span>
    </li>
  )
}
