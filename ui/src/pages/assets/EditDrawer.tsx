/** Describes an asset: a new one, one that only points name, or one as it is now. */
import { AutoComplete, Button, Drawer, Input, Select } from 'antd'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { type AssetSpec, type AssetState, type AssetWhole, assets, type Column, fieldOf, lean, type Level, LEVELS, specOf, splitType, STATES, validAsset } from '../../core/assets'
import { asYaml } from '../../core/assettext'
import { asProblem } from '../../core/http'
import { types as assetTypes } from '../../core/types'
import type { Problem } from '../../wire/api'
import { Conflict } from '../device/Conflict'
import { PropertyRows, propertiesOf, rowsFrom } from './PropertyRows'

type Text = 'title' | 'title_zh' | 'code' | 'place'

export interface EditDrawerProps {
  /** Null: a new one, below `above`. */
  whole: AssetWhole | null
  above: string
  onClose: () => void
  onSaved: (asset: string) => void
}

export function EditDrawer({ whole, above, onClose, onSaved }: EditDrawerProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [spec, setSpec] = useState<AssetSpec>(() => (whole ? { parent: whole.line.parent, ...specOf(whole) } : { asset: '', parent: above }))
  const [rows, setRows] = useState(() => rowsFrom(whole?.properties ?? {}))
  const [from, setFrom] = useState(whole?.revision ?? 0)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [theirs, setTheirs] = useState<AssetWhole | null>(null)
  const types = useAsk('types', (signal) => assetTypes.list(signal))
  const type = (types.data ?? []).find((one) => one.type === splitType(spec.type ?? '')[0])
  const typed = useAsk(type ? `type:${spec.type}` : null, (signal) => assetTypes.get(...splitType(spec.type ?? ''), signal))
  const says = (more: Partial<AssetSpec>) => setSpec((old) => ({ ...old, ...more }))
  /** What is described for the first time has the level that its type says. */
  const chooseType = (name: string) => {
    const level = whole?.line.described ? null : types.data?.find((one) => one.type === splitType(name)[0])?.level
    says({ type: name, ...(level ? { level } : {}) })
  }
  const mine = () => lean({ ...spec, asset: spec.asset.trim(), properties: propertiesOf(rows) })
  const wrong = problem ? fieldOf(problem) || (problem.code === 'config.conflict' && !whole ? 'asset' : '') : ''
  const ready = validAsset(spec.asset.trim())

  const save = async () => {
    setBusy(true)
    setProblem(null)
    try {
      await assets.put(mine(), from)
      onSaved(spec.asset.trim())
    } catch (error) {
      const told = asProblem(error)
      if (told.code === 'config.conflict' && whole) {
        const now = await assets.get(whole.line.asset).catch(() => null)
        if (now) setTheirs(now)
        else setProblem(told)
      } else setProblem(told)
      setBusy(false)
    }
  }
  const settle = (keep: boolean) => {
    if (!theirs) return
    setFrom(theirs.revision)
    if (!keep) {
      setSpec({ parent: theirs.line.parent, ...specOf(theirs) })
      setRows(rowsFrom(theirs.properties))
    }
    setBusy(false)
    setTheirs(null)
  }
  const text = (name: Text) => (
    <Field name={name} problem={problem} wrong={wrong}>
      <Input value={spec[name] ?? ''} maxLength={200} onChange={(e) => says({ [name]: e.target.value })} />
    </Field>
  )
  const called = whole ? inLanguage(language, whole.line.title, whole.line.title_zh) || whole.line.asset : ''
  return (
    <Drawer
      open
      size={Math.min(560, window.innerWidth)}
      title={!whole ? (above ? t('assets.addPartOf', { asset: above }) : t('assets.addTitle')) : whole.line.described ? t('assets.editTitle', { asset: called }) : t('assets.describeTitle', { asset: called })}
      onClose={onClose}
      mask={{ closable: false }}
      footer={
        <div className="bar asset-foot">
          <Button type="primary" loading={busy} disabled={!ready || theirs !== null} onClick={() => void save()}>
            {t('common.save')}
          </Button>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
        </div>
      }
    >
      {theirs ? <Conflict title={t('assets.conflict')} theirs={asYaml(specOf(theirs))} mine={asYaml(mine())} onTake={() => settle(false)} onKeep={() => settle(true)} /> : null}
      {problem && !wrong ? <ErrorNote problem={problem} /> : null}
      <div className="asset-form">
        <Field name="asset" problem={problem} wrong={wrong} hint={whole ? t('assets.nameStays') : spec.asset && !ready ? t('assets.nameWrong') : t('assets.nameHint')}>
          <Input value={spec.asset} disabled={whole !== null} autoFocus={!whole} maxLength={200} placeholder="pump1" status={spec.asset && !ready ? 'error' : ''} onChange={(e) => says({ asset: e.target.value })} />
        </Field>
        <div className="cards2 asset-pair">
          {language === 'zh' ? [text('title_zh'), text('title')] : [text('title'), text('title_zh')]}
          <Field name="level" problem={problem} wrong={wrong}>
            <Select<Level> value={spec.level ?? 'unit'} onChange={(level) => says({ level })} options={LEVELS.map((value) => ({ value, label: t(`assets.level.${value}`) }))} />
          </Field>
          <Field name="state" problem={problem} wrong={wrong}>
            <Select<AssetState> value={spec.state ?? 'in_service'} onChange={(state) => says({ state })} options={STATES.map((value) => ({ value, label: t(`assets.state.${value}`) }))} />
          </Field>
          <Field name="type" problem={problem} wrong={wrong}>
            <AutoComplete
              value={spec.type ?? ''}
              allowClear
              onChange={(value?: string) => chooseType(value ?? '')}
              options={(types.data ?? []).map((one) => ({ value: one.type, label: `${inLanguage(language, one.title, one.title_zh) || one.type} · ${one.type}` }))}
              showSearch={{ filterOption: (input, option) => String(option?.label ?? '').toLowerCase().includes(input.toLowerCase()) }}
            />
          </Field>
          {text('code')}
          {text('place')}
          <Field name="parent" problem={problem} wrong={wrong} hint={t('assets.parentHint')}>
            <Input value={spec.parent ?? ''} placeholder={t('assets.company')} onChange={(e) => says({ parent: e.target.value.trim() })} />
          </Field>
        </div>
        <h2>{t('assets.properties')}</h2>
        {wrong === 'properties' && problem ? <p className="bad-text small">{problem.title}</p> : null}
        <PropertyRows rows={rows} onChange={setRows} known={typed.data?.whole.properties ?? {}} />
      </div>
    </Drawer>
  )
}

/** A label, a field, what is wrong with it. */
function Field({ name, problem, wrong, hint, children }: { name: Column; problem: Problem | null; wrong: string; hint?: string; children: ReactNode }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  return (
    <label className="form-row" data-field={name}>
      <span>{t(`assets.field.${name}`)}</span>
      {children}
      {wrong === name && problem ? (
        <small className="bad-text" role="alert">
          {language === 'zh' && problem.title_zh ? `${problem.title_zh}(${problem.title})` : problem.title}
        </small>
      ) : hint ? (
        <small className="muted">{hint}</small>
      ) : null}
    </label>
  )
}
