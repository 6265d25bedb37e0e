/** Pictures of a task: taken with the phone's camera, sent when there is a network. */
import { Button } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../../components/Icon'
import { useTrouble } from '../../../components/useTrouble'
import { hrefOf } from '../../../core/http'
import { smaller, tasks } from '../../../core/tasks'

export function Photos({ task, number, photos, may, onSent }: { task: string; number: number; photos: readonly string[]; may: boolean; onSent: () => void }) {
  const { t } = useTranslation()
  const trouble = useTrouble()
  const picker = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const take = async (file: File | undefined) => {
    if (!file) return
    setBusy(true)
    try {
      await tasks.photo(task, await smaller(file), t('task.photo'))
      onSent()
    } catch (error) {
      trouble(error)
    }
    setBusy(false)
  }
  if (!may && !photos.length) return null
  return (
    <section className="card">
      <h2>{t('task.photos')}</h2>
      <div className="task-photos">
        {photos.map((one, at) => {
          const src = hrefOf(`/documents/${one}/content?show=true`)
          return (
            <a key={one} href={src} target="_blank" rel="noreferrer">
              <img src={src} alt={t('task.photoOf', { n: at + 1, number })} loading="lazy" />
            </a>
          )
        })}
      </div>
      {may ? (
        <>
          <input ref={picker} className="sr" type="file" accept="image/*" capture="environment" tabIndex={-1} aria-label={t('task.photo')} onChange={(event) => void take(event.target.files?.[0])} />
          <Button size="large" loading={busy} icon={<Icon name="image" size={18} />} onClick={() => picker.current?.click()}>
            {t('task.photo')}
          </Button>
        </>
      ) : null}
    </section>
  )
}
