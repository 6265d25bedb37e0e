/** What keys do on the drawing. */
import { flipped, GRID, moved, ordered, turned } from './arrange'
import type { Editing } from './useEditing'

const WAYS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

export interface Pressed {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  shiftKey: boolean
  altKey: boolean
}

/** Do what a key means; false where it means nothing here. Arrows go by the grid, with Shift by one. */
export function pressed(edit: Editing, event: Pressed): boolean {
  if (event.altKey) return false
  return event.ctrlKey || event.metaKey ? commanded(edit, event) : plain(edit, event)
}

function commanded(edit: Editing, { key, shiftKey }: Pressed): boolean {
  const letter = key.toLowerCase()
  if (letter === 'z') (shiftKey ? edit.redo : edit.undo)()
  else if (letter === 'y') edit.redo()
  else if (letter === 'a') edit.choose(edit.items.map((item) => item.id))
  else if (letter === 'c' && edit.picked.length) edit.copy()
  else if (letter === 'x' && edit.picked.length) (edit.copy(), edit.remove())
  else if (letter === 'v') edit.paste()
  else if (letter === 'd' && edit.picked.length) edit.paste(edit.picked)
  else return false
  return true
}

function plain(edit: Editing, { key, shiftKey }: Pressed): boolean {
  if (!edit.picked.length) return false
  const way = WAYS[key]
  const by = shiftKey ? 1 : GRID
  if (way) edit.set(moved(edit.items, edit.chosen, way[0] * by, way[1] * by), `move ${[...edit.chosen].join(' ')}`)
  else if (key === 'Delete' || key === 'Backspace') edit.remove()
  else if (key === 'Escape') edit.choose([])
  else if (key === 'r' || key === 'R') edit.set(turned(edit.items, edit.chosen, shiftKey ? -90 : 90))
  else if (key === 'h' || key === 'H' || key === 'v' || key === 'V') edit.set(flipped(edit.items, edit.chosen, key.toLowerCase() === 'h' ? 'across' : 'down'))
  else if (key === ']' || key === '[') edit.set(ordered(edit.items, edit.chosen, key === ']' ? 'front' : 'back'))
  else return false
  return true
}
