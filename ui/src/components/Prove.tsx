/** Asks once more who somebody is, before ways in are changed, and goes on with what they wanted to do. */
import { Modal } from 'antd'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '../core/http'
import { ProofForm } from './ProofForm'

type Work = () => Promise<void>

/** `attempt(work, failed)` runs work; where the server wants a proof first, it asks for one and runs it again. */
export function useProof(): { attempt: (work: Work, failed: (error: unknown) => void) => Promise<void>; dialog: React.ReactNode } {
  const { t } = useTranslation()
  const [waiting, setWaiting] = useState<{ work: Work; failed: (error: unknown) => void } | null>(null)
  const attempt = useCallback(async (work: Work, failed: (error: unknown) => void) => {
    try {
      await work()
    } catch (error) {
      if (asProblem(error).code === 'auth.again') setWaiting({ work, failed })
      else failed(error)
    }
  }, [])
  const dialog = waiting ? (
    <Modal open title={t('prove.title')} footer={null} onCancel={() => setWaiting(null)} destroyOnHidden>
      <p className="muted">{t('prove.text')}</p>
      <ProofForm
        onDone={() => {
          setWaiting(null)
          void attempt(waiting.work, waiting.failed)
        }}
      />
    </Modal>
  ) : null
  return { attempt, dialog }
}
