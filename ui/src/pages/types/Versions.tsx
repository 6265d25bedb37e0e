/** The versions of a type: what each changed, and the way back to one. */
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Diff } from '../../components/Diff'
import { ErrorNote, Waiting } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { types, type TypeWhole } from '../../core/types'

export function Versions({ held, onTake }: { held: TypeWhole; onTake: ((text: string) => void) | null }) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState(held.versions.at(-2)?.version ?? 0)
  const old = useAsk(chosen ? `type:${held.type}@${chosen}` : null, (signal) => types.get(held.type, chosen, signal))
  return (
    <div className="type-versions">
      <ul className="card">
        {[...held.versions].reverse().map((one) => (
          <li key={one.version}>
            <Button size="small" type={one.version === chosen ? 'primary' : 'default'} disabled={one.version === held.version} aria-pressed={one.version === chosen} onClick={() => setChosen(one.version)}>
              {t('types.versionOf', { version: one.version })}
            </Button>
            <span className="muted small">
              {one.changed_us ? (
                <>
                  {one.changed_by} · <Age us={one.changed_us} />
                </>
              ) : (
                t('types.shipped')
              )}
            </span>
          </li>
        ))}
      </ul>
      <div className="card">
        {chosen === 0 ? <p className="muted">{t('types.oneVersion')}</p> : null}
        {old.error ? <ErrorNote problem={old.error} retry={old.reload} /> : null}
        {chosen && !old.data && !old.error ? <Waiting /> : null}
        {old.data ? (
          <>
            <div className="bar">
              <span className="muted">{t('types.since', { version: chosen })}</span>
              <span className="grow" />
              {onTake ? (
                <Button size="small" onClick={() => onTake(old.data?.text ?? '')}>
                  {t('types.takeBack', { version: chosen })}
                </Button>
              ) : null}
            </div>
            <Diff before={old.data.text} after={held.text} />
          </>
        ) : null}
      </div>
    </div>
  )
}
