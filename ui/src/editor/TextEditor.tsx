/** Plain text (device files, asset types) with line numbers and undo; a line that is wrong is marked. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { Compartment, EditorState, type Extension } from '@codemirror/state'
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { look } from './look'

export interface TextEditorProps {
  value: string
  onChange: (text: string) => void
  label: string
  /** The line that is wrong, from 1, and what is wrong with it. */
  wrong?: { line: number; said: string } | null
  /** Another object each time puts the cursor into that line. */
  goTo?: { line: number } | null
}

function marked(state: EditorState, wrong: TextEditorProps['wrong']): Extension {
  if (!wrong) return []
  const { from } = state.doc.line(Math.min(wrong.line, state.doc.lines))
  return EditorView.decorations.of(Decoration.set(Decoration.line({ class: 'cm-wrong-line', attributes: { title: wrong.said } }).range(from)))
}

export default function TextEditor({ value, onChange, label, wrong = null, goTo = null }: TextEditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const marks = useRef(new Compartment())
  const tell = useRef(onChange)
  tell.current = onChange

  useEffect(() => {
    if (!host.current) return
    view.current = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          marks.current.of([]), lineNumbers(), history(), drawSelection(), highlightActiveLine(), keymap.of([...historyKeymap, ...defaultKeymap]), look,
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) tell.current(update.state.doc.toString())
          }),
        ],
      }),
    })
    return () => view.current?.destroy()
  }, [])

  useEffect(() => {
    const editor = view.current
    if (editor && editor.state.doc.toString() !== value) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value])

  useEffect(() => {
    const editor = view.current
    editor?.dispatch({ effects: marks.current.reconfigure(marked(editor.state, wrong)) })
  }, [wrong?.line, wrong?.said])

  useEffect(() => {
    const editor = view.current
    if (!editor || !goTo) return
    editor.dispatch({ selection: { anchor: editor.state.doc.line(Math.min(goTo.line, editor.state.doc.lines)).from }, scrollIntoView: true })
    editor.focus()
  }, [goTo])

  return <div className="editor editor-text" ref={host} />
}
