/** What a machine may publish and subscribe to inside its company, beside its device's own topics: shown, and given. */
import { Button, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '../core/http'
import type { Problem, Topics } from '../wire/api'
import { ErrorNote } from './notes'
import { StateMark } from './StateMark'

const WAYS = ['publish', 'subscribe'] as const
const EVERYTHING = '#'

export function TopicsOf({ name, device, has, give }: { name: string; device: string; has: Topics; give: (wanted: Topics) => Promise<void> }) {
  const { t } = useTranslation()
  const [wanted, setWanted] = useState<Topics | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const save = async () => {
    if (!wanted) return
    setProblem(null)
    try {
      await give(wanted)
      setWanted(null)
    } catch (failed) {
      setProblem(asProblem(failed))
    }
  }
  const given = [...new Set([...has.publish, ...has.subscribe])]
  return (
    <>
      <Button size="small" type="text" className="topics-of" aria-label={t('topics.of', { name })} onClick={() => setWanted(has)}>
        {given.length === 0 ? t('topics.own') : has.publish.includes(EVERYTHING) ? <StateMark state="uncertain" label={t('topics.everything')} /> : <code>{given.join(', ').slice(0, 60)}</code>}
      </Button>
      <Modal open={wanted !== null} title={t('topics.of', { name })} okText={t('topics.give')} cancelText={t('common.cancel')} onOk={save} onCancel={() => setWanted(null)} destroyOnHidden>
        <p className="muted small">{t('topics.text', { device })}</p>
        {WAYS.map((way) => (
          <label className="form-row" key={way}>
            <span>{t(`topics.${way}`)}</span>
            <Select mode="tags" open={false} suffixIcon={null} aria-label={t(`topics.${way}`)} placeholder="plant/+/data" value={[...(wanted ?? has)[way]]} onChange={(next: string[]) => setWanted({ ...(wanted ?? has), [way]: next.map((one) => one.trim()).filter(Boolean) })} />
          </label>
        ))}
        <p className="muted small">{t('topics.anew')}</p>
        {problem ? <ErrorNote problem={problem} /> : null}
      </Modal>
    </>
  )
}
