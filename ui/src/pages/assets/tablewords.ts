/** The words that tables use in both languages, whatever the reader's own: a Chinese table is read in an English console. */
import { type AssetState, type Column, COLUMNS, type Level, LEVELS, STATES } from '../../core/assets'
import type { TableWords } from '../../core/assettable'
import { KINDS } from '../../core/relations'
import { loadWords } from '../../core/words'

/** `a b c` → a, b and c stand for `what`. */
function spread<T>(into: Record<string, T>, words: string, what: T): void {
  for (const word of words.split(' ')) into[word.toLowerCase()] ??= what
}

export async function tableWords(): Promise<TableWords> {
  const columns: Record<string, Column> = {}
  const levels: Record<string, Level> = {}
  const states: Record<string, AssetState> = {}
  const truths: Record<string, boolean> = {}
  const relations: Record<string, string> = {}
  const marks: string[] = []
  const called: string[] = []
  for (const { assets: said } of await Promise.all([loadWords('en'), loadWords('zh')])) {
    for (const column of COLUMNS) spread(columns, said.column[column], column)
    for (const level of LEVELS) spread(levels, `${said.levelWords[level]} ${said.level[level]}`, level)
    for (const state of STATES) {
      spread(states, said.stateWords[state], state)
      states[said.state[state]] ??= state
    }
    for (const kind of KINDS) relations[said.relationKind[kind].toLowerCase()] ??= kind
    marks.push(`${said.relation}:`)
    called.push(said.called)
    spread(truths, said.yes, true)
    spread(truths, said.no, false)
  }
  return { columns, levels, states, truths, relations, marks, called }
}
