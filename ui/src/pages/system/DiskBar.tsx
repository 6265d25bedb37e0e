/** Lake, stream, others, free; the reserve as a line. */
import { useTranslation } from 'react-i18next'
import { bytes } from '../../core/format'

export function DiskBar({ disk }: { disk: Record<string, unknown> }) {
  const { t } = useTranslation()
  const n = (key: string) => (typeof disk[key] === 'number' ? (disk[key] as number) : 0)
  const total = n('total')
  if (!total) return null
  const part = (value: number) => `${Math.max(0, Math.min(100, (value / total) * 100))}%`
  const ours = n('lake_bytes') + n('stream_bytes')
  const used = total - n('free')
  return (
    <div className="disk" role="img" aria-label={t('system.diskLabel', { free: bytes(n('free')), total: bytes(total) })}>
      <i className="disk-ours" style={{ width: part(ours) }} />
      <i className="disk-other" style={{ width: part(used - ours) }} />
      <b className="disk-reserve" style={{ right: part(n('reserve')) }} title={t('system.reserve')} />
    </div>
  )
}
