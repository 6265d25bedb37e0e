/** A new type: its name, and what it has already by extending or copying another. */
import { Input, Modal, Segmented, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { navigate } from '../../components/navigation'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { typeLink } from '../../core/route'
import { type TypeLine, validType } from '../../core/types'

type How = 'extends' | 'copy'

export function NewType({ lines, extend, onClose }: { lines: readonly TypeLine[]; extend: string; onClose: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [name, setName] = useState('')
  const [how, setHow] = useState<How>('extends')
  const [base, setBase] = useState(lines.some((line) => line.type === extend) ? extend : '')
  const taken = lines.some((line) => line.type === name)
  const ready = validType(name) && !taken && (how === 'extends' || base !== '')
  const go = () => {
    if (!ready) return
    onClose()
    navigate(`${typeLink(name)}?${how}=${encodeURIComponent(base)}`)
  }
  return (
    <Modal open title={t('types.new')} okText={t('types.write')} cancelText={t('common.cancel')} okButtonProps={{ disabled: !ready }} onOk={go} onCancel={onClose}>
      <label className="form-row">
        <span>{t('types.name')}</span>
        <Input value={name} autoFocus maxLength={64} placeholder="dosing_pump" status={name && !ready && base ? 'error' : ''} onChange={(e) => setName(e.target.value.trim())} onPressEnter={go} />
        <small className={taken ? 'bad-text' : 'muted'}>{taken ? t('types.taken') : t('types.nameHint')}</small>
      </label>
      <div className="form-row">
        <Segmented<How> aria-label={t('types.how')} value={how} onChange={setHow} options={[{ value: 'extends', label: t('types.byExtending') }, { value: 'copy', label: t('types.byCopying') }]} />
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          aria-label={t('types.base')}
          value={base}
          onChange={setBase}
          options={[...(how === 'extends' ? [{ value: '', label: t('types.nothing') }] : []), ...lines.map((line) => ({ value: line.type, label: `${inLanguage(language, line.title, line.title_zh) || line.type} · ${line.type}` }))]}
        />
        <small className="muted">{how === 'extends' ? t('types.extendsHint') : t('types.copyHint')}</small>
      </div>
    </Modal>
  )
}
