/** An empty plant: connect, see, understand. */
import { useTranslation } from 'react-i18next'
import { Icon, type IconName } from '../../components/Icon'
import { Link } from '../../components/navigation'

const STEPS: { key: 'connect' | 'see' | 'understand'; href: string; icon: IconName }[] = [
  { key: 'connect', href: '/connect/add', icon: 'connect' },
  { key: 'see', href: '/trends', icon: 'trends' },
  { key: 'understand', href: '/sql', icon: 'sql' },
]

export function FirstSteps() {
  const { t } = useTranslation()
  return (
    <ol className="steps3">
      {STEPS.map((step, i) => (
        <li key={step.key}>
          <Link href={step.href}>
            <span className="steps3-number num">{i + 1}</span>
            <Icon name={step.icon} size={32} />
            <strong>{t(`first.${step.key}.title`)}</strong>
            <span>{t(`first.${step.key}.text`)}</span>
          </Link>
        </li>
      ))}
    </ol>
  )
}
