/** A screen that nobody keeps: how an asset is drawn, or an overview. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import type { ScreenWhole } from '../../core/screencalls'
import { Empty, ErrorNote, Waiting } from '../notes'
import { useAsk } from '../useAsk'
import { Findings } from './Findings'
import { isOverview } from './cells'
import { Overview } from './Overview'
import { ScreenSheet } from './ScreenSheet'

export interface MadeScreenProps {
  /** What is asked for; another one is another screen. */
  about: string
  call: (signal: AbortSignal) => Promise<ScreenWhole>
  onSave?: () => void
}

export function MadeScreen({ about, call, onSave }: MadeScreenProps) {
  const { t } = useTranslation()
  const { data, error, reload } = useAsk(`made:${about}`, call)
  if (!data) return error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={6} />
  if (!data.screen.items?.length) return <Empty icon="screens" title={t('screen.noPoints')} />
  const wide = (data.screen.size?.[0] ?? 0) > 700
  return (
    <>
      <p className="muted small">
        {data.came ? t('screen.drawnBy', { type: data.came }) : t(isOverview(data.screen) ? 'cells.made' : 'screen.made')}{' '}
        {onSave ? (
          <Button size="small" type="link" onClick={onSave}>
            {t('screen.saveAs')}
          </Button>
        ) : null}
      </p>
      <Findings found={data.findings} />
      {data.left_out ? <p className="note">{t('screen.leftOut', { n: data.left_out })}</p> : null}
      {isOverview(data.screen) ? (
        <Overview whole={data} />
      ) : (
        <div className={`scr-place${wide ? ' is-narrow' : ' is-face'}`}>
          <ScreenSheet whole={data} />
        </div>
      )}
    </>
  )
}
