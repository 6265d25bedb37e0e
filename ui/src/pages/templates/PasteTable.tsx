/** A maker's register table becomes a template: pasted, shown line by line with what was not understood, then saved. */
import { App, Button, Checkbox, Input, Select } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FileDrop } from '../../components/FileDrop'
import { Icon } from '../../components/Icon'
import { Link, navigate } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { decodedText } from '../../core/csv'
import { unitText } from '../../core/format'
import { asProblem } from '../../core/http'
import { templateLink } from '../../core/route'
import { base64, type Reading, type ReadTable, templates, validTemplate } from '../../core/devicetemplates'
import type { Problem } from '../../wire/api'

const SAMPLE = 'Address\tName\tType\tScale\tUnit\n40001\tVoltage L1\tUINT16\t0.1\tV\n40003-40004\tEnergy\tUINT32\t0.01\tkWh\n'
const BOOK = /\.(xlsx|xlsm|xlsb|xls|ods)$/i

export function PasteTable() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { message } = App.useApp()
  const [text, setText] = useState('')
  const [book, setBook] = useState<{ content: string; file: string } | null>(null)
  const [name, setName] = useState('')
  const [reading, setReading] = useState<Reading>({})
  const [without, setWithout] = useState<number[]>([])
  const [found, setFound] = useState<ReadTable | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const asked = validTemplate(name) ? name : 'template'

  useEffect(() => {
    setProblem(null)
    if (!text.trim() && !book) return setFound(null)
    const stop = new AbortController()
    const timer = setTimeout(() => {
      templates.read({ ...(book ?? { text }), name: asked, reading, without }, stop.signal).then(setFound, (error: unknown) => {
        if (stop.signal.aborted) return
        setFound(null)
        setProblem(asProblem(error))
      })
    }, 300)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [text, book, asked, reading, without])

  const fresh = () => (setReading({}), setWithout([]))
  const bring = async (one: File) => {
    const bytes = new Uint8Array(await one.arrayBuffer())
    fresh()
    if (BOOK.test(one.name)) setBook({ content: base64(bytes), file: one.name })
    else setBook(null)
    setText(BOOK.test(one.name) ? '' : decodedText(bytes).text)
  }
  const save = async () => {
    if (!found) return
    setBusy(true)
    setProblem(null)
    try {
      await templates.put(name, found.template, 0)
      message.success(t('templates.saved', { name, version: 1 }))
      navigate(templateLink(name))
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <>
      <Link href="/templates" className="assets-back">
        <Icon name="chevron" size={16} /> {t('templates.title')}
      </Link>
      <Page title={t('templates.paste')} sub={t('templates.pasteText')}>
        <section className="card">
          <FileDrop label={t('templates.dropTable')} accept=".csv,.txt,.tsv,.json,.xlsx,.xlsm,.xlsb,.xls,.ods" held={book?.file ?? ''} onFile={(one) => void bring(one)} />
          <Input.TextArea className="asset-paste" rows={6} value={text} spellCheck={false} placeholder={SAMPLE} aria-label={t('templates.pasted')} onChange={(event) => (setBook(null), setWithout([]), setText(event.target.value))} />
        </section>
        {problem ? <ErrorNote problem={problem} /> : null}
        {(text.trim() || book) && !found && !problem ? <Waiting /> : null}
        {found ? (
          <>
            {found.questions.length ? (
              <section className="card template-questions">
                <h2>{t('templates.questions')}</h2>
                {found.questions.map((one) => (
                  <label key={one.field} className="form-row">
                    <span>{inLanguage(language, one.why, one.why_zh)}</span>
                    <Select value={one.taken} options={one.choices.map((value) => ({ value, label: t(`templates.choice.${value}`, { defaultValue: value }) }))} onChange={(value: string) => setReading({ ...reading, [one.field]: value })} />
                  </label>
                ))}
              </section>
            ) : null}
            <section className="card" aria-live="polite">
              <div className="bar">
                <b role="status">{t('templates.readCounts', { taken: found.taken, doubtful: found.doubtful, left: found.left })}</b>
                <span className="grow" />
                <label className="template-name">
                  {t('templates.name')} <Input value={name} maxLength={64} placeholder="flow-meter-x1" status={name && !validTemplate(name) ? 'error' : ''} onChange={(event) => setName(event.target.value.trim())} />
                </label>
                <Button type="primary" loading={busy} disabled={!validTemplate(name) || !found.template} onClick={() => void save()}>
                  {t('templates.saveTable', { n: found.taken + found.doubtful })}
                </Button>
              </div>
              {found.gaps.length ? <p className="muted small">{t('templates.gaps', { gaps: found.gaps.slice(0, 8).join(', ') })}</p> : null}
              <table className="table read-table">
                <thead>
                  <tr>
                    <th className="r">{t('templates.line')}</th>
                    <th>{t('templates.understood')}</th>
                    <th>{t('command.point')}</th>
                    <th>{t('templates.address')}</th>
                    <th>{t('templates.unit')}</th>
                    <th className="r">{t('templates.scale')}</th>
                    <th>{t('templates.why')}</th>
                  </tr>
                </thead>
                <tbody>
                  {found.lines.map((line) => (
                    <tr key={line.line} className={`read-${line.outcome}`}>
                      <td className="r num" data-label={t('templates.line')}>
                        <Checkbox aria-label={t('templates.take', { line: line.line })} checked={line.outcome !== 'left'} disabled={line.outcome === 'left' && !without.includes(line.line)} onChange={(event) => setWithout(event.target.checked ? without.filter((one) => one !== line.line) : [...without, line.line])} /> {line.line}
                      </td>
                      <td data-label={t('templates.understood')}>
                        <span className={`plan-mark read-mark-${line.outcome}`}>{t(`templates.read.${line.outcome}`)}</span>
                      </td>
                      <td className="main-cell">{line.name || <span className="muted">{line.cells.join(' · ')}</span>}</td>
                      <td data-label={t('templates.address')}><code>{line.address || '–'}</code></td>
                      <td data-label={t('templates.unit')}>{line.unit ? unitText(line.unit) : '–'}</td>
                      <td className="r num" data-label={t('templates.scale')}>{line.scale ?? 1}</td>
                      <td data-label={t('templates.why')}>{(line.remarks ?? []).map((one) => inLanguage(language, one.message, one.message_zh)).join('; ')}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          </>
        ) : null}
      </Page>
    </>
  )
}
