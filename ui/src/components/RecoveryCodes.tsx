/** Recovery codes, shown this once. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { CopyButton } from './CopyButton'

export function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  const { t } = useTranslation()
  return (
    <div className="factor">
      <p>{t('factor.codesText')}</p>
      <ul className="factor-codes">
        {codes.map((one) => (
          <li key={one}>
            <code>{one}</code>
          </li>
        ))}
      </ul>
      <div className="bar">
        <CopyButton text={codes.join('\n')} />
        <Button type="primary" onClick={onKept}>
          {t('factor.kept')}
        </Button>
      </div>
    </div>
  )
}
