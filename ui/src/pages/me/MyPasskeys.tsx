/** My passkeys: named, used when, taken away; and a new one. */
import { App, Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Icon } from '../../components/Icon'
import { ErrorNote, Waiting } from '../../components/notes'
import { PasskeyAdd } from '../../components/PasskeyAdd'
import { useProof } from '../../components/Prove'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { passkeys } from '../../core/signin'
import type { PasskeyLine } from '../../wire/access'

export function MyPasskeys() {
  const { t } = useTranslation()
  const { data, error, reload } = useAsk('my-passkeys', passkeys.list)
  return (
    <section className="card">
      <h2>{t('passkey.title')}</h2>
      <p className="muted small">{t('passkey.text')}</p>
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {data ? (
        <>
          <ul className="ways">
            {data.keys.map((key) => (
              <PasskeyRow key={key.id} row={key} onChanged={reload} />
            ))}
          </ul>
          <PasskeyAdd key={data.keys.length} here={data.here} onDone={reload} />
        </>
      ) : error ? null : (
        <Waiting rows={2} />
      )}
    </section>
  )
}

function PasskeyRow({ row, onChanged }: { row: PasskeyLine; onChanged: () => void }) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const trouble = useTrouble()
  const { attempt, dialog } = useProof()
  const [title, setTitle] = useState<string | null>(null) // null: not being renamed
  const rename = () => {
    const wanted = title?.trim()
    setTitle(null)
    if (wanted && wanted !== row.title) void passkeys.rename(row.id, wanted).then(onChanged, trouble)
  }
  const remove = () =>
    modal.confirm({
      title: t('passkey.removeTitle', { name: row.title }),
      content: t('passkey.removeText'),
      okText: t('common.remove'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => attempt(() => passkeys.remove(row.id).then(onChanged), trouble),
    })
  return (
    <li>
      <Icon name="key" />
      <div className="ways-main">
        {title === null ? (
          <strong>{row.title}</strong>
        ) : (
          <Input autoFocus size="small" value={title} maxLength={60} aria-label={t('passkey.name')} onChange={(e) => setTitle(e.target.value)} onPressEnter={rename} onBlur={rename} />
        )}
        <small className="muted">
          {row.site} · {row.used_us ? <>{t('passkey.used')} <Age us={row.used_us} /></> : t('passkey.unused')}
          {row.synced ? ` · ${t('passkey.synced')}` : ''}
        </small>
        {row.copied ? <small className="bad-text">{t('passkey.copied')}</small> : null}
      </div>
      <Button size="small" type="text" icon={<Icon name="edit" size={16} />} aria-label={t('passkey.rename', { name: row.title })} onClick={() => setTitle(row.title)} />
      <Button size="small" type="text" danger icon={<Icon name="trash" size={16} />} aria-label={t('passkey.removeTitle', { name: row.title })} onClick={remove} />
      {dialog}
    </li>
  )
}
