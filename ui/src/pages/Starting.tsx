/** Before the first answer: quiet; and plain words when there is none. */
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../components/notes'
import type { Problem } from '../wire/api'

export function Starting({ problem }: { problem: Problem | null }) {
  const { t } = useTranslation()
  return (
    <div className="starting">
      <img src="/mark.svg" alt="" width={40} height={40} />
      {problem ? (
        <>
          <ErrorNote problem={problem} />
          <p className="muted">{t('start.waiting')}</p>
        </>
      ) : null}
    </div>
  )
}
