/** Two people changed one device: what is saved now beside what was written here; nothing is overwritten in silence. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Diff } from '../../components/Diff'

export function Conflict({ title, theirs, mine, onTake, onKeep }: { title?: string; theirs: string; mine: string; onTake: () => void; onKeep: () => void }) {
  const { t } = useTranslation()
  return (
    <section className="note note-error conflict" role="alert">
      <div>
        <p className="note-title">{title ?? t('conflict.title')}</p>
        <p className="note-advice">{t('conflict.text')}</p>
        <Diff before={theirs} after={mine} />
        <div className="bar">
          <Button onClick={onTake}>{t('conflict.take')}</Button>
          <Button onClick={onKeep}>{t('conflict.keep')}</Button>
        </div>
      </div>
    </section>
  )
}
