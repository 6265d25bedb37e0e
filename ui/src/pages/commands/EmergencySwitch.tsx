/** The emergency switch: one press and one confirmation stop every write of the company; and what is stopped now. */
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { useTrouble } from '../../components/useTrouble'
import { commands, type Stops } from '../../core/commands'

export function EmergencySwitch({ stops, onChanged }: { stops: Stops; onChanged: () => void }) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const trouble = useTrouble()
  const turn = (on: boolean, asset: string) =>
    modal.confirm({
      title: t(on ? 'command.stopSure' : 'command.releaseSure', { asset: asset || t('command.everything') }),
      content: t(on ? 'command.stopText' : 'command.releaseText'),
      okText: t(on ? 'command.stop' : 'command.release'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: async () => {
        try {
          await commands.stop(on, asset, '')
        } catch (error) {
          trouble(error)
        }
        onChanged()
      },
    })
  const all = stops.stops.some((stop) => !stop.asset)
  return (
    <section className="card" aria-label={t('command.switch')}>
      <div className="bar">
        <strong role="status">{stops.stops.length ? t('command.stopped') : t('command.running')}</strong>
        {stops.may_stop && !all ? (
          <Button danger type="primary" onClick={() => turn(true, '')}>
            {t('command.stop')}
          </Button>
        ) : null}
      </div>
      {stops.stops.map((stop) => (
        <p key={stop.asset}>
          <strong>{stop.asset || t('command.everything')}</strong>: {stop.stopped_by} <Age us={stop.stopped_us} /> {stop.reason}{' '}
          {stops.may_stop ? (
            <Button size="small" onClick={() => turn(false, stop.asset)}>
              {t('command.release')}
            </Button>
          ) : null}
        </p>
      ))}
    </section>
  )
}
