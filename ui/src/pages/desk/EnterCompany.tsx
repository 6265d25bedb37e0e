/** Enter a company that came by telephone or on paper; many at once come by command. */
import { Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { WishFields } from '../../components/WishFields'
import { usePreferences } from '../../components/preferences'
import { companies, maySeeCompanies } from '../../core/access'
import { NO_WISH, packages, queue } from '../../core/desk'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

export function EnterCompany({ onClose, onEntered }: { onClose: () => void; onEntered: () => void }) {
  const { t } = useTranslation()
  const { session } = usePreferences()
  const regions = useAsk(maySeeCompanies(session) ? 'regions' : null, companies.regions)
  const known = useAsk('packages', packages.list)
  const [form, setForm] = useState(NO_WISH)
  const [problem, setProblem] = useState<Problem | null>(null)
  const enter = async () => {
    setProblem(null)
    try {
      await queue.enter(form)
      onEntered()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  return (
    <Modal open title={t('desk.enter')} okText={t('desk.enterDo')} cancelText={t('common.cancel')} okButtonProps={{ disabled: !form.credit_code || !(form.title || form.title_zh) }} onOk={enter} onCancel={onClose}>
      <WishFields
        form={form}
        onChange={setForm}
        regions={(regions.data ?? []).map((one) => ({ value: one.region, title: one.title ?? '', title_zh: one.title_zh ?? '' }))}
        packages={(known.data ?? []).filter((one) => !one.error).map((one) => ({ value: one.name, title: one.title, title_zh: one.title_zh }))}
      />
      <p className="muted small">{t('desk.manyText')}</p>
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
