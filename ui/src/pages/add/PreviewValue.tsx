import { useTranslation } from 'react-i18next'
import { StateMark } from '../../components/StateMark'
import { steady, unitText } from '../../core/format'
import { qualityKey, severity } from '../../core/quality'
import type { Preview } from '../../wire/api'

export function PreviewValue({ preview, unit }: { preview: Preview | undefined; unit: string }) {
  const { t } = useTranslation()
  if (!preview) return <span className="preview faint">…</span>
  const grade = severity(preview.quality)
  if (preview.error || (grade === 'bad' && preview.value === null)) {
    return (
      <span className="preview is-bad" title={preview.error?.title ?? ''}>
        <StateMark state="bad" word={false} size={13} /> <small>{preview.error?.code ?? t(qualityKey(preview.quality) as 'quality.bad')}</small>
      </span>
    )
  }
  const { value } = preview
  return (
    <span className={`preview num is-${grade}`}>
      {grade !== 'good' ? <StateMark state={grade} word={false} size={13} /> : null}
      <b>{typeof value === 'number' ? steady(value) : value === null ? '–' : String(value)}</b> <i className="unit">{unitText(unit)}</i>
    </span>
  )
}
