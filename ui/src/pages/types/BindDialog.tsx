/** Binds the points of all assets of a type by one template: what it would do is shown first, and nothing is written before. */
import { Button, Input, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FormRow } from '../../components/FormRow'
import { ErrorNote } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { unitText } from '../../core/format'
import { asProblem } from '../../core/http'
import { bind, type BindAnswer } from '../../core/relations'
import type { TypeWhole } from '../../core/types'
import type { Problem } from '../../wire/api'

const SHOWN = 200

export function BindDialog({ held, onClose, onBound }: { held: TypeWhole; onClose: () => void; onBound: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [device, setDevice] = useState('')
  const [address, setAddress] = useState('')
  const [under, setUnder] = useState('')
  const [points, setPoints] = useState<string[]>([])
  const [seen, setSeen] = useState<BindAnswer | null>(null)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const changed = <T,>(set: (value: T) => void) => (value: T) => (set(value), setSeen(null))
  const go = async (check: boolean) => {
    setBusy(true)
    setProblem(null)
    try {
      const made = await bind(held.type, { device, address, under, points: Object.fromEntries(points.map((one) => [one, null])) }, check)
      setSeen(made)
      if (!check) onBound()
    } catch (error) {
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  const ready = Boolean(seen && !seen.wrong && seen.new + seen.changed)
  return (
    <Modal open title={t('types.bindTitle', { type: held.type })} onCancel={onClose} width={860} footer={[
      <Button key="check" loading={busy} disabled={!device || !address} onClick={() => void go(true)}>{t('types.bindCheck')}</Button>,
      <Button key="go" type="primary" disabled={busy || !ready} onClick={() => void go(false)}>{t('types.bindGo')}</Button>,
    ]}>
      <p className="muted small">{t('types.bindText')}</p>
      <FormRow label={t('types.bindDevice')}><Input value={device} placeholder="plc1" onChange={(event) => changed(setDevice)(event.target.value)} /></FormRow>
      <FormRow label={t('types.bindAddress')}><Input value={address} placeholder="ns=2;s={code}.{point}" onChange={(event) => changed(setAddress)(event.target.value)} /></FormRow>
      <FormRow label={t('types.bindPoints')}><Select mode="multiple" value={points} onChange={changed(setPoints)} options={Object.keys(held.whole.points ?? {}).map((one) => ({ value: one, label: one }))} /></FormRow>
      <FormRow label={t('types.bindUnder')}><Input value={under} onChange={(event) => changed(setUnder)(event.target.value)} /></FormRow>
      {problem ? <ErrorNote problem={problem} /> : null}
      {seen ? (
        <>
          <p role="status">{t('types.bindCounts', { assets: seen.assets, new: seen.new, changed: seen.changed, same: seen.same, wrong: seen.wrong })}</p>
          <table className="table">
            <tbody>
              {seen.lines.slice(0, SHOWN).map((line) => (
                <tr key={`${line.asset}.${line.point}`}>
                  <td className="main-cell">{line.asset}.{line.point}</td>
                  <td><code>{line.device}</code></td>
                  <td><code>{line.address}</code></td>
                  <td>{unitText(line.unit)}</td>
                  <td className={line.message ? 'bad-text' : ''}>{inLanguage(language, line.message, line.message_zh) || t(`types.bindOutcome.${line.outcome}`)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      ) : null}
    </Modal>
  )
}
