/** What each column is taken for, and where it goes. */
import { Checkbox, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { kindKey, noticedKey, type SheetColumn, type SheetTable, type SheetTemplate, toKey } from '../../core/sheets'

interface Props {
  table: SheetTable
  template: SheetTemplate
  asset: string
  onChange: (template: SheetTemplate) => void
}

const TIMES = ['date', 'datetime', 'clock']

export function SheetColumns({ table, template, asset, onChange }: Props) {
  const { t } = useTranslation()
  const { time, points, episodes, long } = template
  const role = (key: string): string => {
    if (time.date === key) return 'date'
    if (episodes && (episodes.start === key || episodes.end === key)) return episodes.start === key ? 'start' : 'end'
    if (time.clock === key) return 'clock'
    if (long && (long.name === key || long.value === key)) return long.name === key ? 'name' : 'value'
    if (episodes?.attributes.includes(key)) return 'attribute'
    return points.some((one) => one.column === key) ? 'point' : 'none'
  }
  const set = (column: SheetColumn, to: string) => {
    const { key } = column
    const rest: SheetTemplate = {
      ...template,
      time: { ...time, date: time.date === key ? '' : time.date, clock: time.clock === key ? '' : time.clock },
      points: points.filter((one) => one.column !== key),
    }
    if (episodes) rest.episodes = { ...episodes, end: episodes.end === key ? '' : episodes.end, attributes: episodes.attributes.filter((one) => one !== key) }
    if (to === 'date' || to === 'clock') rest.time = { ...rest.time, [to]: key }
    if (to === 'point') rest.points = [...rest.points, { column: key, point: `${asset || 'sheet'}.${column.name.replace(/[\s./\\]+/g, '_')}`, unit: column.unit }]
    if (rest.episodes && (to === 'start' || to === 'end')) rest.episodes = { ...rest.episodes, [to]: key }
    if (rest.episodes && to === 'attribute') rest.episodes = { ...rest.episodes, attributes: [...rest.episodes.attributes, key] }
    onChange(rest)
  }
  const choices = (column: SheetColumn): string[] => {
    const held = role(column.key)
    const times = TIMES.includes(column.kind) ? ['date', 'clock', ...(episodes ? ['start', 'end'] : [])] : []
    return [...new Set([...times, 'point', ...(episodes ? ['attribute'] : []), 'none', held])]
  }
  const point = (key: string) => points.find((one) => one.column === key)
  const put = (key: string, change: { point?: string; unit?: string }) => onChange({ ...template, points: points.map((one) => (one.column === key ? { ...one, ...change } : one)) })
  const noticed = (column: SheetColumn): string =>
    [
      ...column.notes.map((note) => t(noticedKey(note))),
      ...(column.joined ? [t('sheets.noticed.joined', { n: column.joined })] : []),
      ...Object.entries(column.codes).map(([code, n]) => `${code} ×${n}`),
    ].join(', ')
  return (
    <>
      <table className="table sheet-columns">
        <thead>
          <tr>
            <th>{t('sheets.column')}</th>
            <th>{t('sheets.holds')}</th>
            <th>{t('sheets.samples')}</th>
            <th>{t('sheets.becomes')}</th>
            <th>{t('command.point')}</th>
            <th>{t('sheets.unit')}</th>
          </tr>
        </thead>
        <tbody>
          {table.columns.map((column) => {
            const to = point(column.key)
            return (
              <tr key={column.key}>
                <td className="main-cell">
                  <b>{column.letter}</b> {column.key}
                  {noticed(column) ? <div className="muted small">{noticed(column)}</div> : null}
                </td>
                <td data-label={t('sheets.holds')}>
                  {t(kindKey(column.kind))}
                  {column.odd ? <span className="warn-text"> ⚠ {column.odd}</span> : null}
                </td>
                <td className="muted" data-label={t('sheets.samples')}>{column.samples.join(' · ')}</td>
                <td data-label={t('sheets.becomes')}>
                  <Select size="small" popupMatchSelectWidth={false} aria-label={`${t('sheets.becomes')} ${column.key}`} value={role(column.key)} options={choices(column).map((value) => ({ value, label: t(toKey(value)) }))} onChange={(value) => set(column, value)} />
                </td>
                <td data-label={to ? t('command.point') : undefined}>{to ? <Input size="small" aria-label={`${t('command.point')} ${column.key}`} value={to.point} onChange={(event) => put(column.key, { point: event.target.value })} /> : null}</td>
                <td data-label={to || column.written ? t('sheets.unit') : undefined}>{to ? <Input size="small" className="sheet-unit" aria-label={`${t('sheets.unit')} ${column.key}`} value={to.unit} onChange={(event) => put(column.key, { unit: event.target.value })} /> : column.written}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <div className="bar sheet-options">
        {time.clock ? (
          <Checkbox checked={time.past_midnight} onChange={(event) => onChange({ ...template, time: { ...time, past_midnight: event.target.checked } })}>
            {t('sheets.pastMidnight')}
          </Checkbox>
        ) : null}
        {time.date ? (
          <Checkbox checked={time.fill_down} onChange={(event) => onChange({ ...template, time: { ...time, fill_down: event.target.checked } })}>
            {t('sheets.fillDown')}
          </Checkbox>
        ) : (
          <label>
            {t('sheets.day')} <Input size="small" type="date" className="sheet-day" value={time.day} onChange={(event) => onChange({ ...template, time: { ...time, day: event.target.value } })} />
          </label>
        )}
        {episodes ? (
          <>
            <label>
              {t('sheets.episodeKind')} <Input size="small" className="sheet-day" value={episodes.kind} onChange={(event) => onChange({ ...template, episodes: { ...episodes, kind: event.target.value } })} />
            </label>
            <label>
              {t('word.asset')} <Input size="small" className="sheet-day" value={episodes.asset} onChange={(event) => onChange({ ...template, episodes: { ...episodes, asset: event.target.value } })} />
            </label>
          </>
        ) : null}
      </div>
    </>
  )
}
