/** What a save would change, before it does. */
import { useTranslation } from 'react-i18next'
import { diffLines, hunks } from '../core/diff'

const SIGN = { same: ' ', removed: '−', added: '+' }

export function Diff({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation()
  const lines = diffLines(before, after)
  const removed = lines.filter((line) => line.kind === 'removed').length
  const added = lines.filter((line) => line.kind === 'added').length
  return (
    <div className="diff">
      <p className="muted num">{t('diff.summary', { added, removed })}</p>
      <pre>
        {hunks(lines).map((line, i) =>
          line ? (
            <span key={i} className={`diff-${line.kind}`}>
              <i aria-label={line.kind === 'same' ? undefined : t(`diff.${line.kind}`)}>{SIGN[line.kind]}</i> {line.text}
              {'\n'}
            </span>
          ) : (
            <span key={i} className="diff-gap">
              ⋯{'\n'}
            </span>
          ),
        )}
      </pre>
    </div>
  )
}
