/** The why panel as a drawer from below: the chain is horizontal and wants width. */
import { Drawer } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pointLink, trendLink } from '../core/route'
import { inputTime } from '../core/time'
import { Link } from './navigation'
import { WhyPanel } from './WhyPanel'

export default function WhyDrawer({ point, atUs, open, onClose }: { point: string; atUs?: number; open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const [at, setAt] = useState<number | undefined>(atUs)
  useEffect(() => setAt(atUs), [atUs, point])
  return (
    <Drawer
      open={open}
      onClose={onClose}
      placement="bottom"
      size={460}
      title={
        <span className="why-title">
          {t('why.title')} <code>{point}</code>
        </span>
      }
      extra={
        <span className="why-tools">
          <label>
            <span className="why-at">{t('why.at')}</span>
            <input
              className="field"
              type="datetime-local"
              step={1}
              value={at === undefined ? '' : inputTime(at)}
              aria-label={t('why.at')}
              onChange={(event) => setAt(event.target.value ? Date.parse(event.target.value) * 1000 : undefined)}
            />
          </label>
          <Link href={pointLink(point)} onClick={onClose}>
            {t('why.openPoint')}
          </Link>
          <Link href={trendLink([point])} onClick={onClose}>
            {t('why.openTrend')}
          </Link>
        </span>
      }
    >
      <WhyPanel point={point} atUs={at} />
    </Drawer>
  )
}
