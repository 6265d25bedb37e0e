/** A table of records: shown as it was understood, stored when agreed to. */
import { Alert, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FileDrop } from '../../../components/FileDrop'
import { useLanguageCode } from '../../../components/preferences'
import { useTrouble } from '../../../components/useTrouble'
import { business, columnsOf, fieldWord, type RecordKind, type RecordPreview, type Sending } from '../../../core/business'
import { decodedText, parsedCsv } from '../../../core/csv'

export function ImportRecords({ kind, close, done }: { kind: RecordKind; close: () => void; done: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const trouble = useTrouble()
  const [asked, setAsked] = useState<Sending | null>(null)
  const [shown, setShown] = useState<RecordPreview | null>(null)
  const look = async (file: File) => {
    const { text } = decodedText(new Uint8Array(await file.arrayBuffer()))
    const sending: Sending = { kind: kind.name, source: file.name.slice(0, 100), columns: columnsOf(parsedCsv(text)) }
    setShown(null)
    setAsked(sending)
    await business.preview(sending).then(setShown, trouble)
  }
  const store = async () => {
    if (!asked || !shown) return
    await business.send({ ...asked, map: shown.map }).then(() => {
      done()
      close()
    }, trouble)
  }
  const told = shown?.understood
  return (
    <Modal open title={t('records.bringTitle', { kind: kind.title[language] })} onCancel={close} okText={t('records.store', { n: told?.taken ?? 0 })} okButtonProps={{ disabled: !shown || !!shown.problem || !told?.taken }} onOk={store}>
      <p className="muted">{t('records.bringText')}</p>
      <FileDrop label={t('assets.drop')} accept=".csv,.txt,.tsv" held={asked?.source ?? ''} onFile={(file) => void look(file)} />
      {shown?.problem ? <Alert type="error" showIcon title={shown.problem} /> : null}
      {told ? (
        <>
          <p>{t('records.understood', { taken: told.taken, rows: told.rows, keys: shown.map.key.join(' + ') })}</p>
          <ul>
            {told.fields.map(([field, column]) => (
              <li key={field}>
                {column} → {fieldWord(kind, field, language)}
              </li>
            ))}
            {told.kept.map((column) => (
              <li key={column} className="muted">
                {column} → {t('records.attribute')}
              </li>
            ))}
          </ul>
          {told.wrong.length ? <p>{t('records.refused', { n: told.refused })}</p> : null}
          <ul>
            {told.wrong.map((one) => (
              <li key={`${one.row}:${one.column}`}>{t('records.wrong', { row: one.row, column: one.column, value: one.value })}</li>
            ))}
          </ul>
        </>
      ) : null}
    </Modal>
  )
}
