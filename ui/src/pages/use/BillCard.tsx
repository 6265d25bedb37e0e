/** The month's bill as the lake has it now, what was issued, and both to take away. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { ErrorNote, Waiting } from '../../components/notes'
import { useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { billFile, use } from '../../core/use'
import type { Charge } from '../../wire/use'

const plain = (digits: string): string => digits.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')

export function BillCard({ tenant, month, mayIssue, over }: { tenant: string; month: string; mayIssue: boolean; over: boolean }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const trouble = useTrouble()
  const { data, error, reload } = useAsk(`bill:${tenant}:${month}`, () => use.bill(tenant, month))
  if (error?.code === 'tariff.missing') return <p className="hint">{t('use.noTariff')}</p>
  if (error) return <ErrorNote problem={error} retry={reload} />
  if (!data) return <Waiting rows={4} />
  const { now, issued, difference } = data
  const row = (line: Charge) => (
    <tr key={`${line.item}${line.start_us}`}>
      <td className="main-cell">{t(`use.item.${line.item as 'flat'}`)}</td>
      <td className="r num" data-label={t('use.head.quantity')}>{plain(line.quantity)}</td>
      <td className="r num" data-label={t('use.head.free')}>{plain(line.free)}</td>
      <td className="r num" data-label={t('use.head.billed')}>{plain(line.billed)}</td>
      <td className="r num" data-label={t('use.head.price')}>
        {plain(line.price)} <small>/ {t(`use.per.${line.item as 'flat'}`)}</small>
      </td>
      <td className="r num" data-label={t('use.head.amount')}>{line.amount}</td>
    </tr>
  )
  return (
    <>
      <div className="scroll-x">
        <table className="table tight">
          <thead>
            <tr>
              <th>{t('use.head.item')}</th>
              <th className="r">{t('use.head.quantity')}</th>
              <th className="r">{t('use.head.free')}</th>
              <th className="r">{t('use.head.billed')}</th>
              <th className="r">{t('use.head.price')}</th>
              <th className="r">{t('use.head.amount')}</th>
            </tr>
          </thead>
          <tbody>{now.lines.map(row)}</tbody>
          <tfoot>
            <tr>
              <th colSpan={5}>{t(over ? 'use.total' : 'use.totalSoFar')}</th>
              <td className="r num">
                <strong>
                  {now.payable} {now.currency}
                </strong>
              </td>
            </tr>
          </tfoot>
        </table>
      </div>
      <p className="bar">
        <Button size="small" href={billFile(tenant, month, 'xlsx', language)}>
          XLSX
        </Button>
        <Button size="small" href={billFile(tenant, month, 'csv', language)}>
          CSV
        </Button>
        {mayIssue && over && !issued.length ? (
          <Button size="small" type="primary" onClick={() => void use.issue(tenant, month).then(reload, trouble)}>
            {t('use.issue')}
          </Button>
        ) : null}
      </p>
      {issued.map((bill) => (
        <p key={bill.number} className="hint">
          {t(bill.kind === 'note' ? 'use.note' : 'use.issued')} <a href={billFile(tenant, month, 'xlsx', language, bill.number)}>{bill.number}</a>{' '}
          <span className="num">
            {bill.payable} {bill.currency}
          </span>
        </p>
      ))}
      {difference?.lines.length ? <p className="hint">{t('use.differs', { amount: difference.total })}</p> : null}
    </>
  )
}
