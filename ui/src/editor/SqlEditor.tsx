/** SQL with completion over the tables of this company; Ctrl-Enter runs. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { PostgreSQL, sql } from '@codemirror/lang-sql'
import { bracketMatching } from '@codemirror/language'
import { Compartment, EditorState, Prec } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import type { SqlTable } from '../wire/api'
import { look } from './look'

export interface SqlEditorProps {
  value: string
  onChange: (text: string) => void
  onRun: () => void
  tables: readonly SqlTable[]
  label: string
}

function language(tables: readonly SqlTable[]) {
  const schema = Object.fromEntries(tables.map((table) => [table.name, table.columns.map((column) => ({ label: column.name, type: 'property', detail: column.type }))]))
  return sql({ dialect: PostgreSQL, schema, upperCaseKeywords: false })
}

export default function SqlEditor({ value, onChange, onRun, tables, label }: SqlEditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const schema = useRef(new Compartment())
  const calls = useRef({ onChange, onRun })
  calls.current = { onChange, onRun }

  useEffect(() => {
    if (!host.current) return
    const run = () => {
      calls.current.onRun()
      return true
    }
    view.current = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          lineNumbers(), history(), drawSelection(), bracketMatching(), closeBrackets(), autocompletion(), highlightActiveLine(),
          Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
          schema.current.of(language(tables)),
          look,
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) calls.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    return () => view.current?.destroy()
  }, [])

  useEffect(() => {
    view.current?.dispatch({ effects: schema.current.reconfigure(language(tables)) })
  }, [tables])

  useEffect(() => {
    const editor = view.current
    if (editor && editor.state.doc.toString() !== value) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value])

  return <div className="editor" ref={host} />
}
