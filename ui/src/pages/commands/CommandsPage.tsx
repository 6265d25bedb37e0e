/** Writes to machines: what waits for a second person, what was done, what was refused and why. */
import { Button, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { useAsk } from '../../components/useAsk'
import { type Command, commands, type Group, groupOf } from '../../core/commands'
import { CommandRow } from './CommandRow'
import { EmergencySwitch } from './EmergencySwitch'
import { WritablePoints } from './WritablePoints'

const GROUPS: Group[] = ['waiting', 'done', 'refused']
type Shown = Group | 'writable'

export default function CommandsPage() {
  const { t } = useTranslation()
  const [group, setGroup] = useState<Shown>('waiting')
  const { data, error, reload } = useAsk('commands', commands.list, 2000)
  const stops = useAsk('stops', commands.stops, 5000)
  if (!data) return <Page title={t('nav.commands')}>{error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={8} />}</Page>
  const of = (wanted: Group): Command[] => data.filter((one) => groupOf(one.state) === wanted)
  const shown = group === 'writable' ? [] : of(group)
  return (
    <Page title={t('nav.commands')} sub={t('command.sub')}>
      {stops.data ? <EmergencySwitch stops={stops.data} onChanged={stops.reload} /> : null}
      <section className="card">
        <div className="bar">
          <Segmented<Shown>
            value={group}
            onChange={setGroup}
            options={[...GROUPS.map((one) => ({ value: one as Shown, label: `${t(`command.${one}`)} ${of(one).length}` })), { value: 'writable', label: t('writable.group') }]}
          />
          <Button type="text" onClick={reload}>
            {t('command.reload')}
          </Button>
        </div>
        {group === 'writable' ? (
          <WritablePoints />
        ) : shown.length ? (
          <table className="table">
            <thead>
              <tr>
                <th>{t('command.point')}</th>
                <th>{t('command.value')}</th>
                <th>{t('command.asked')}</th>
                <th>{t('command.state')}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => (
                <CommandRow key={one.id} command={one} onDone={reload} />
              ))}
            </tbody>
          </table>
        ) : (
          <Empty icon="check" title={t(`command.none.${group}`)} />
        )}
      </section>
    </Page>
  )
}
