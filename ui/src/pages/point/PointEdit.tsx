import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { points } from '../../core/calls'
import { asProblem } from '../../core/http'
import type { Point, Problem } from '../../wire/api'

export function PointEdit({ point, onSaved }: { point: Point; onSaved: () => void }) {
  const { t } = useTranslation()
  const [title, setTitle] = useState(point.title)
  const [unit, setUnit] = useState(point.unit)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [titleZh, setTitleZh] = useState(point.title_zh ?? '')
  const dirty = title !== point.title || titleZh !== (point.title_zh ?? '') || unit !== point.unit
  const save = async () => {
    setBusy(true)
    setProblem(null)
    try {
      await points.change(point.name, { title, title_zh: titleZh, unit })
      onSaved()
    } catch (error) {
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className="card">
      <h2>{t('point.edit')}</h2>
      <label className="form-row">
        <span>{t('point.titleLabel')}</span>
        <Input value={title} onChange={(e) => setTitle(e.target.value)} />
      </label>
      <label className="form-row">
        <span>{t('point.titleZhLabel')}</span>
        <Input lang="zh" value={titleZh} onChange={(e) => setTitleZh(e.target.value)} />
      </label>
      <label className="form-row">
        <span>{t('point.unitLabel')}</span>
        <Input value={unit} onChange={(e) => setUnit(e.target.value)} />
      </label>
      {problem ? <ErrorNote problem={problem} /> : null}
      <Button type="primary" disabled={!dirty} loading={busy} onClick={save}>
        {t('common.save')}
      </Button>
    </section>
  )
}
