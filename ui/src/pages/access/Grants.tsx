/** What others may see or do here, and until when. */
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { ErrorNote } from '../../components/notes'
import { useActionWord } from '../../components/useActionWord'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { grants } from '../../core/access'
import type { Grant } from '../../wire/access'

export function Grants() {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const trouble = useTrouble()
  const { data, error, reload } = useAsk('grants', grants.list)
  const action = useActionWord()
  const revoke = (one: Grant) =>
    modal.confirm({
      title: t('access.revokeTitle', { title: one.title || one.principal }),
      content: t('access.revokeText'),
      okText: t('access.revoke'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => grants.revoke(one.id).then(reload, trouble),
    })
  return (
    <section className="card" id="grants">
      <h2>{t('access.grants')}</h2>
      <p className="muted small">{t('access.grantsText')}</p>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {data && !data.length ? <p className="muted">{t('access.noGrants')}</p> : null}
      {(data ?? []).map((one) => (
        <details key={one.id} className="grant">
          <summary>
            <b>{one.title || one.id}</b> <code>{one.principal}</code> {one.permits ? '' : <span className="tag">{t('access.forbids')}</span>} {one.actions.map(action).join(' · ')} <code>{one.object}</code>
          </summary>
          <pre>{one.text}</pre>
          <div className="bar">
            <span className="muted small">
              {one.made_by} · <Age us={one.made_us} />
            </span>
            <Button size="small" danger onClick={() => revoke(one)}>
              {t('access.revoke')}
            </Button>
          </div>
        </details>
      ))}
    </section>
  )
}
