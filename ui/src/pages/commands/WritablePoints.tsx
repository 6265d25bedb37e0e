/** What may be written here: each point with its rule, and who may, on demand. */
import { Button, Select, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { bounds, type MayWrite, WRITABLE_PAGE, type WritablePoint, writable } from '../../core/writable'

export function WritablePoints() {
  const { t } = useTranslation()
  const [asset, setAsset] = useState('')
  const [offset, setOffset] = useState(0)
  const { data, error, reload } = useAsk(`writable ${asset} ${offset}`, () => writable.list(asset, offset))
  if (!data) return error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={4} />
  if (!data.total && !asset) return <Empty icon="check" title={t('writable.none')} />
  return (
    <>
      <div className="bar">
        <Select
          showSearch
          className="role-choice"
          value={asset}
          aria-label={t('word.asset')}
          onChange={(chosen) => {
            setAsset(chosen)
            setOffset(0)
          }}
          options={[{ value: '', label: t('writable.all') }, ...data.assets.filter(Boolean).map((one) => ({ value: one, label: one }))]}
        />
        <span className="muted">{t('writable.count', { count: data.total })}</span>
      </div>
      <table className="table">
        <thead>
          <tr>
            <th>{t('command.point')}</th>
            <th>{t('writable.range')}</th>
            <th>{t('writable.rule')}</th>
            <th>{t('writable.who')}</th>
          </tr>
        </thead>
        <tbody>
          {data.points.map((one) => (
            <Row key={one.name} one={one} />
          ))}
        </tbody>
      </table>
      {data.total > WRITABLE_PAGE ? (
        <div className="bar">
          <Button disabled={!offset} onClick={() => setOffset(offset - WRITABLE_PAGE)}>
            {t('common.back')}
          </Button>
          <Button disabled={offset + WRITABLE_PAGE >= data.total} onClick={() => setOffset(offset + WRITABLE_PAGE)}>
            {t('common.next')}
          </Button>
        </div>
      ) : null}
    </>
  )
}

function Row({ one }: { one: WritablePoint }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  return (
    <tr>
      <td className="main-cell">
        <Link href={`/points/${one.name}`}>{one.name}</Link>
        <div className="muted small">{inLanguage(language, one.title, one.title_zh)}</div>
      </td>
      <td className="num" data-label={t('writable.range')}>
        {bounds(one.rule, one.unit) || '–'}
      </td>
      <td data-label={t('writable.rule')}>
        <Guards one={one} />
      </td>
      <td data-label={t('writable.who')}>
        <Who one={one} />
      </td>
    </tr>
  )
}

function Guards({ one: { rule, unit, stopped } }: { one: WritablePoint }) {
  const { t } = useTranslation()
  return (
    <span className="guards">
      {stopped ? <Tag color="error">{t('command.stopped')}</Tag> : null}
      {rule.approval ? <Tag color="blue">{t('writable.second')}</Tag> : null}
      {rule.max_step ? <Tag>{t('writable.step', { value: `${rule.max_step} ${unit}`.trim() })}</Tag> : null}
      {rule.max_rate ? <Tag>{t('writable.rate', { value: `${rule.max_rate} ${unit}`.trim() })}</Tag> : null}
      {rule.interval_s ? <Tag>{t('writable.interval', { value: rule.interval_s })}</Tag> : null}
      {rule.interlock ? <code className="small">{rule.interlock}</code> : null}
    </span>
  )
}

function Who({ one }: { one: WritablePoint }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const trouble = useTrouble()
  const [told, setTold] = useState<MayWrite | null>(null)
  const names = (some: string[]) => some.join(language === 'zh' ? '、' : ', ') || t('writable.nobody')
  if (!told)
    return (
      <>
        {one.may_write ? `${t('writable.you')} ` : null}
        <button type="button" className="link" onClick={() => void writable.who(one.name).then(setTold, trouble)}>
          {t('writable.show')}
        </button>
      </>
    )
  return (
    <>
      {names(told.command)}
      {one.rule.approval ? <div className="muted small">{t('writable.agree', { names: names(told.approve) })}</div> : null}
    </>
  )
}
