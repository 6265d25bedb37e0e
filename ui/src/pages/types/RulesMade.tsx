/** The alarms and KPIs that a type makes, each with the type it comes from; whoever may changes one by a form. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link } from '../../components/navigation'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { unitText } from '../../core/format'
import { typeLink } from '../../core/route'
import { conditionText, limitOf, type Section, targetText } from '../../core/rules'
import { spoken } from '../../core/spoken'
import type { TypeWhole } from '../../core/types'

export interface RulesMadeProps {
  made: Pick<TypeWhole, 'whole' | 'came' | 'chain'>
  /** Null: only to be looked at. */
  onEdit: ((section: Section, name: string | null) => void) | null
}

export function RulesMade({ made, onEdit }: RulesMadeProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { alarms = {}, kpis = {}, points = {} } = made.whole
  const from = (what: string) => {
    const type = made.came[what] ?? ''
    return type === made.chain.at(-1) ? t('types.itself') : <Link href={typeLink(type)}>{type}</Link>
  }
  const name = (section: Section, key: string, title: string) =>
    onEdit ? (
      <button type="button" className="link" onClick={() => onEdit(section, key)}>
        {title || key}
      </button>
    ) : (
      <b>{title || key}</b>
    )
  return (
    <>
      <section>
        <Head section="alarms" many={Object.keys(alarms).length} onEdit={onEdit} />
        <ul>
          {Object.entries(alarms).map(([key, alarm]) => {
            const point = points[alarm.point ?? '']
            return (
              <li key={key}>
                <span>
                  {name('alarms', key, inLanguage(language, alarm.title, alarm.title_zh))} <code>{key}</code>
                  <small>{inLanguage(language, alarm.response, alarm.response_zh)}</small>
                </span>
                <span>
                  {inLanguage(language, point?.title, point?.title_zh) || alarm.point} {conditionText(alarm, limitOf(alarm, made.whole), point?.unit ?? '', point && spoken(language, point).states)}
                </span>
                <span>
                  {alarm.enabled === false ? t('rules.off') : t(`rules.priority.${alarm.priority ?? 'medium'}`)}
                  <small>{from(`alarms.${key}`)}</small>
                </span>
              </li>
            )
          })}
        </ul>
      </section>
      <section>
        <Head section="kpis" many={Object.keys(kpis).length} onEdit={onEdit} />
        <ul>
          {Object.entries(kpis).map(([key, kpi]) => (
            <li key={key}>
              <span>
                {name('kpis', key, inLanguage(language, kpi.title, kpi.title_zh))} <code>{key}</code>
              </span>
              <span>
                <code>{kpi.expression}</code>
              </span>
              <span>
                {unitText(kpi.unit ?? '')} {targetText({ target: kpi.target ?? null, better: kpi.better ?? null, unit: kpi.unit ?? '' })}
                <small>{from(`kpis.${key}`)}</small>
              </span>
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}

function Head({ section, many, onEdit }: { section: Section; many: number; onEdit: RulesMadeProps['onEdit'] }) {
  const { t } = useTranslation()
  return (
    <h2 className="rules-head">
      {t(`rules.${section}`)} <small className="muted num">{many}</small>
      {onEdit ? (
        <Button size="small" type="text" icon={<Icon name="plus" size={14} />} onClick={() => onEdit(section, null)}>
          {t(section === 'alarms' ? 'rules.addAlarm' : 'rules.addKpi')}
        </Button>
      ) : null}
    </h2>
  )
}
