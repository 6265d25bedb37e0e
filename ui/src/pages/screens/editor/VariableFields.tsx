/** What is chosen on top of the screen, by form: an asset of a type, or one of some words. */
import { Button, Input, Select } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScreenVariable } from '../../../core/screens'
import { AssetField } from './AssetField'
import { TypeField } from './TypeField'
import type { Editing } from './useEditing'
import { freeName, mayBeCalled, renamed, usersOf, withVariable } from './variables'

export function VariableFields({ edit }: { edit: Editing }) {
  const { t } = useTranslation()
  const { screen } = edit
  const names = Object.keys(screen.variables ?? {})
  return (
    <section className="draw-variables" aria-label={t('drawing.variables')}>
      <h2>{t('drawing.variables')}</h2>
      <p className="muted small">{t('drawing.variablesText')}</p>
      {names.map((name, at) => (
        <VariableField key={at} name={name} said={screen.variables?.[name] ?? {}} edit={edit} />
      ))}
      <Button size="small" onClick={() => edit.setScreen(withVariable(screen, freeName(screen), {}))}>
        {t('drawing.variableAdd')}
      </Button>
    </section>
  )
}

function VariableField({ name, said, edit }: { name: string; said: ScreenVariable; edit: Editing }) {
  const { t } = useTranslation()
  const { screen } = edit
  const [typed, setTyped] = useState(name)
  useEffect(() => setTyped(name), [name])
  const wrong = typed !== name && !mayBeCalled(screen, typed)
  const users = usersOf(screen, name)
  const change = (made: ScreenVariable) => edit.setScreen(withVariable(screen, name, { ...said, ...made }), `variable ${name} ${Object.keys(made).join()}`)
  const call = () => {
    if (typed !== name && !wrong) edit.setScreen(renamed(screen, name, typed))
    else setTyped(name)
  }
  return (
    <fieldset className="draw-variable">
      <Input size="small" prefix="${" suffix="}" aria-label={t('drawing.variableName')} value={typed} status={wrong ? 'error' : ''} onChange={(event) => setTyped(event.target.value)} onBlur={call} onPressEnter={call} />
      <span className="draw-pair">
        <Input size="small" aria-label={t('drawing.titleZh')} placeholder={t('drawing.titleZh')} value={said.title_zh ?? ''} onChange={(event) => change({ title_zh: event.target.value })} />
        <Input size="small" aria-label={t('drawing.title')} placeholder={t('drawing.title')} value={said.title ?? ''} onChange={(event) => change({ title: event.target.value })} />
      </span>
      <TypeField label={t('drawing.variableType')} value={said.type ?? ''} onChange={(type) => change({ type })} />
      <AssetField label={t('drawing.variableUnder')} value={said.under ?? ''} onChange={(under) => change({ under })} />
      <Select size="small" mode="tags" aria-label={t('drawing.variableChoices')} placeholder={t('drawing.variableChoices')} value={said.choices ?? []} onChange={(choices) => change({ choices })} open={false} suffixIcon={null} />
      <Input size="small" aria-label={t('drawing.variableDefault')} placeholder={t('drawing.variableDefault')} value={said.default ?? ''} onChange={(event) => change({ default: event.target.value })} />
      <Button size="small" danger disabled={users > 0} title={users ? t('drawing.variableUsed', { n: users }) : undefined} onClick={() => edit.setScreen(withVariable(screen, name, null))}>
        {users ? t('drawing.variableUsed', { n: users }) : t('drawing.remove')}
      </Button>
    </fieldset>
  )
}
