/** Snapshots that miss so much that nothing is marked as gone before somebody has agreed to the number. */
import { Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLanguageCode, usePreferences } from '../../../components/preferences'
import { useTrouble } from '../../../components/useTrouble'
import { mayDescribe } from '../../../core/assets'
import { business, type RecordKind, type RecordRun } from '../../../core/business'

export function HeldRuns({ held, kinds, changed }: { held: readonly RecordRun[]; kinds: readonly RecordKind[]; changed: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const trouble = useTrouble()
  const may = mayDescribe(session)
  return held.map((run) => {
    const n = run.told.held ?? 0
    const kind = kinds.find((one) => one.name === run.kind)?.title[language] ?? run.kind
    return (
      <p key={run.run} className="note" role="status">
        {t('records.held', { n, kind, source: run.source })}{' '}
        {may ? (
          <Popconfirm title={t('records.agreeAsk', { n })} okText={t('records.agree', { n })} onConfirm={() => business.agree(run.run, n).then(changed, trouble)}>
            <Button size="small">{t('records.agree', { n })}</Button>
          </Popconfirm>
        ) : null}
      </p>
    )
  })
}
