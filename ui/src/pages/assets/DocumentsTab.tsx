/** Manuals, drawings, certificates of an asset or a type: dropped here, looked at, saved, retired. */
import { Button, Dropdown, Image, Switch } from 'antd'
import { type DragEvent, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { SearchField } from '../../components/SearchField'
import { TypedDialog } from '../../components/TypedDialog'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { CLASSES, classKey, contentHref, type Document, documents, type Subject } from '../../core/documents'
import { bytes } from '../../core/format'
import { typeLink } from '../../core/route'
import { matches } from '../../core/matching'
import { clock } from '../../core/time'
import { AddDocuments } from './AddDocuments'

export function DocumentsTab({ of, may }: { of: Subject; may: boolean }) {
  const { t } = useTranslation()
  const trouble = useTrouble()
  const [retired, setRetired] = useState(false)
  const [search, setSearch] = useState('')
  const [over, setOver] = useState(false)
  const [coming, setComing] = useState<{ files: File[]; replaces: Document | null } | null>(null)
  const [deleting, setDeleting] = useState<Document | null>(null)
  const next = useRef<Document | null>(null)
  const chosen = useRef<HTMLInputElement>(null)
  const key = 'asset' in of ? `asset:${of.asset}` : `type:${of.type}`
  const { data, error, reload } = useAsk(`documents:${key}:${retired}`, (signal) => documents.list(of, retired, signal))
  const found = useMemo(() => matching(data?.documents ?? [], search), [data, search])
  const take = (files: FileList | null) => {
    if (files?.length) setComing({ files: [...files], replaces: next.current })
    next.current = null
    if (chosen.current) chosen.current.value = ''
  }
  const pick = (replaces: Document | null) => {
    next.current = replaces
    chosen.current?.click()
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    next.current = null
    take(event.dataTransfer.files)
  }
  const on = may
    ? { onDrop: drop, onDragOver: (event: DragEvent) => (event.preventDefault(), setOver(true)), onDragLeave: () => setOver(false) }
    : {}
  return (
    <section className={`card documents ${over ? 'is-over' : ''}`} {...on}>
      <div className="bar documents-bar">
        <SearchField label={t('documents.search')} onSearch={setSearch} />
        <label className="inline muted small">
          <Switch size="small" checked={retired} onChange={setRetired} aria-label={t('documents.retired')} /> {t('documents.retired')}
        </label>
        <span className="grow" />
        {may ? (
          <Button icon={<Icon name="plus" size={15} />} onClick={() => pick(null)}>
            {t('documents.add')}
          </Button>
        ) : null}
      </div>
      <input ref={chosen} type="file" multiple hidden onChange={(e) => take(e.target.files)} aria-label={t('documents.add')} />
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting /> : null}
      {data && !found.length ? <p className="muted">{search ? t('documents.noneFound') : retired ? t('documents.noneRetired') : may ? t('documents.drop') : t('documents.none')}</p> : null}
      <ul className="document-list">
        {found.map((one) => (
          <Line key={one.id} one={one} of={of} may={may && !one.retired_us} onReplace={() => pick(one)} onRetire={() => void documents.retire(one.id, false).then(reload, trouble)} onDelete={() => setDeleting(one)} />
        ))}
      </ul>
      {may && found.length ? <p className="muted small documents-hint">{t('documents.drop')}</p> : null}
      {coming ? <AddDocuments of={of} files={coming.files} replaces={coming.replaces} onClose={() => (setComing(null), reload())} /> : null}
      {deleting ? (
        <TypedDialog name={deleting.file} title={t('documents.deleteTitle', { title: deleting.title })} ok={t('documents.delete')} ask={t('device.removeType', { device: deleting.file })} go={() => documents.retire(deleting.id, true).then(() => (setDeleting(null), reload()))} onClose={() => setDeleting(null)}>
          <p>{t('documents.deleteText')}</p>
        </TypedDialog>
      ) : null}
    </section>
  )
}

function Line({ one, of, may, onReplace, onRetire, onDelete }: { one: Document; of: Subject; may: boolean; onReplace: () => void; onRetire: () => void; onDelete: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const title = inLanguage(language, one.title, one.title_zh)
  const inherited = 'asset' in of && one.type !== ''
  const kind = CLASSES.find((known) => known === one.kind)
  const facts = [kind ? t(`documents.${classKey(kind)}`) : '', one.version ? t('documents.versionOf', { version: one.version }) : '', one.language, one.valid_from ? t('documents.since', { day: one.valid_from }) : '', bytes(one.size), clock(one.added_us, Date.now(), {}), one.added_by]
  const items = [
    { key: 'replace', label: t('documents.replace'), onClick: onReplace },
    { key: 'retire', label: t('documents.retire'), onClick: onRetire },
    { key: 'delete', label: t('documents.delete'), danger: true, onClick: onDelete },
  ]
  return (
    <li className="document">
      <Picture one={one} title={title} />
      <div className="document-words">
        {one.emptied_us ? <s>{title}</s> : <a href={contentHref(one.id, one.shown)} {...(one.shown ? { target: '_blank', rel: 'noreferrer' } : { download: one.file })}>{title}</a>}
        {inherited ? (
          <Link href={typeLink(one.type)} className="tag">
            {t('documents.ofType', { type: one.type })}
          </Link>
        ) : null}
        {one.emptied_us ? <span className="tag">{t('documents.emptied')}</span> : null}
        <small className="muted">{facts.filter(Boolean).join(' · ')}</small>
        <small className="muted document-file">{one.file}</small>
      </div>
      {one.emptied_us ? null : (
        <a className="ant-btn ant-btn-text document-act" href={contentHref(one.id)} download={one.file} aria-label={`${t('documents.save')}: ${title}`} title={t('documents.save')}>
          <Icon name="download" size={16} />
        </a>
      )}
      {may && !inherited ? (
        <Dropdown trigger={['click']} menu={{ items }}>
          <Button type="text" aria-label={`${t('common.more')}: ${title}`} icon={<Icon name="more" size={16} />} />
        </Dropdown>
      ) : null}
    </li>
  )
}

function Picture({ one, title }: { one: Document; title: string }) {
  if (one.shown && !one.emptied_us && one.media.startsWith('image/')) return <Image className="document-picture" width={44} height={44} src={contentHref(one.id, true)} alt={title} />
  const ending = /\.([^.]{1,5})$/.exec(one.file)?.[1] ?? ''
  return <span className="document-picture document-ending" aria-hidden="true">{ending.toUpperCase() || '?'}</span>
}

function matching(all: readonly Document[], search: string): readonly Document[] {
  return all.filter((one) => matches(search, one.title, one.title_zh, one.file, one.kind, one.version))
}

