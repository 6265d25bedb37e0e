import { Button } from 'antd'
import { useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { VirtualList } from '../../components/VirtualList'
import type { Target } from '../../core/calls'
import type { Choice } from './HoldsStep'
import { PreviewValue } from './PreviewValue'
import { usePreview } from './usePreview'

const ROW = 30

export function Taken({ target, choices, onDrop, onClear }: { target: Target; choices: ReadonlyMap<string, Choice>; onDrop: (address: string) => void; onClear: () => void }) {
  const { t } = useTranslation()
  const [seen, setSeen] = useState({ first: 0, last: 20 })
  const list = useMemo(() => [...choices], [choices])
  const visible = useMemo(() => list.slice(seen.first, seen.last + 1).map(([address]) => address), [list, seen])
  const { values } = usePreview(target, visible)
  const onRange = useCallback((first: number, last: number) => setSeen({ first, last }), [])
  return (
    <div className="taken">
      <h2>
        {t('add.taken')} <span className="count num">{choices.size.toLocaleString('en-US')}</span>
        {choices.size ? (
          <Button type="link" size="small" onClick={onClear}>
            {t('add.clear')}
          </Button>
        ) : null}
      </h2>
      {choices.size === 0 ? <p className="muted small">{t('add.takenNone')}</p> : null}
      {choices.size ? (
        <VirtualList
          className="taken-list"
          label={t('add.taken')}
          count={list.length}
          rowHeight={ROW}
          onRange={onRange}
          row={(i) => {
            const entry = list[i]
            if (!entry) return null
            const [address, choice] = entry
            return (
              <div key={address} className="taken-row" style={{ height: ROW }} role="listitem">
                <span title={address}>
                  {choice.node?.title || address} <small className="faint">{choice.folders.at(-1) ?? ''}</small>
                </span>
                <PreviewValue preview={values.get(address)} unit={choice.node?.unit ?? ''} />
                <Button type="text" size="small" icon={<Icon name="close" size={13} />} aria-label={`${t('legend.remove')} ${address}`} onClick={() => onDrop(address)} />
              </div>
            )
          }}
        />
      ) : null}
    </div>
  )
}
