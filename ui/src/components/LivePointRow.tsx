/** A point in a list: name, address, spark, live value, why. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { pointLink } from '../core/route'
import { spoken } from '../core/spoken'
import type { Point } from '../wire/api'
import { Age } from './Age'
import { Icon } from './Icon'
import { LiveSpark } from './LiveSpark'
import { Link } from './navigation'
import { useLanguageCode } from './preferences'
import { Reading } from './Reading'
import { useLiveSample } from './useLive'
import { useWhy } from './WhyContext'

export function LivePointRow({ point: raw }: { point: Point }) {
  const { t } = useTranslation()
  const point = spoken(useLanguageCode(), raw)
  const why = useWhy()
  const sample = useLiveSample(point.name, point.latest)
  return (
    <div className="point-row" role="listitem">
      <div className="point-name">
        <Link href={pointLink(point.name)}>{point.name}</Link>
        <small>
          {point.title ? `${point.title} · ` : ''}
          <code>{point.address}</code>
        </small>
      </div>
      <span className="point-kind">{t(`kind.${point.kind}`)}</span>
      {point.kind === 'text' ? <span className="spark" /> : <LiveSpark name={point.name} />}
      <Reading name={point.name} sample={sample} unit={point.unit} kind={point.kind} {...(point.states ? { states: point.states } : {})} size="large" />
      <Age us={sample?.time_us} />
      <Button type="text" size="small" icon={<Icon name="why" size={16} />} aria-label={`${t('why.title')} ${point.name}`} title={t('why.title')} onClick={() => why(point.name)} />
    </div>
  )
}
