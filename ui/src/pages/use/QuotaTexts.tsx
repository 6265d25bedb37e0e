/** The quotas as they were written, from the widest level to the nearest; what somebody may change, they change here. */
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { asProblem } from '../../core/http'
import { use } from '../../core/use'
import type { Problem } from '../../wire/api'
import type { QuotaText } from '../../wire/use'

export function QuotaTexts({ texts, mayChange, onSaved }: { texts: QuotaText[]; mayChange: boolean; onSaved: () => void }) {
  return (
    <div className="quota-texts">
      {texts.map((text) => (
        <One key={`${text.level}/${text.place}`} text={text} mayChange={mayChange && text.level !== 'site'} onSaved={onSaved} />
      ))}
    </div>
  )
}

function One({ text, mayChange, onSaved }: { text: QuotaText; mayChange: boolean; onSaved: () => void }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const save = async () => {
    try {
      await use.putQuotas(text.level, text.place, draft ?? '')
      setDraft(null)
      setProblem(null)
      onSaved()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  const name = `${t(`use.level.${text.level as 'platform'}`)} ${text.place}`.trim()
  return (
    <section>
      <h3>
        {name}
        {mayChange && draft === null ? (
          <Button size="small" type="text" onClick={() => setDraft(text.text)}>
            {t('use.edit')}
          </Button>
        ) : null}
      </h3>
      {draft === null ? (
        <pre>{text.text.trim() || t('use.nothingSaid')}</pre>
      ) : (
        <>
          <Input.TextArea aria-label={name} autoSize={{ minRows: 4 }} value={draft} placeholder={'points: 5000\nvalues_s: 2000\nstorage: 50 GB'} onChange={(e) => setDraft(e.target.value)} />
          <div className="bar">
            <Button type="primary" size="small" onClick={save}>
              {t('common.save')}
            </Button>
            <Button size="small" onClick={() => setDraft(null)}>
              {t('common.cancel')}
            </Button>
          </div>
          {problem ? <ErrorNote problem={problem} /> : null}
        </>
      )}
    </section>
  )
}
