/** Assets as a table: a row each, columns for what every asset has, for each relation and each property. Pure. */
import { type AssetSpec, type AssetState, type Column, COLUMNS, lean, type Level, LEVELS, namedAbove, propertyOf, type Property, STATES, validAsset } from './assets'
import { KINDS } from './relations'

/** Right below the company, where the name says something else. */
const TOP = '/'
const MARK = 'property:' // before a property that is called like a column
const RELATION = 'relation:' // before a relation of somebody's own, as `baigong asset import` has it
const BETWEEN = /[;;\s]+/

/** Other words for columns, levels, states, yes and no: written small, each with what it stands for. */
export interface TableWords {
  columns: Readonly<Record<string, Column>>
  levels: Readonly<Record<string, Level>>
  states: Readonly<Record<string, AssetState>>
  truths: Readonly<Record<string, boolean>>
  relations: Readonly<Record<string, string>>
  /** Before a relation of somebody's own, in other languages. */
  marks: readonly string[]
  /** Of a column that says what people call the asset where another says its name, and else its name. */
  called: readonly string[]
}

export const NO_WORDS: TableWords = { columns: {}, levels: {}, states: {}, truths: {}, relations: {}, marks: [], called: [] }

export interface AssetTable {
  head: string[]
  rows: string[][]
  /** Of each column of `head`: what every asset has; otherwise it is a relation or a property. */
  columns: (Column | null)[]
  /** Of each column of `head`: the relation that it tells, if it does. */
  relations: (string | null)[]
  /** What is wrong before anybody is asked. */
  findings: TableFinding[]
  truths: TableWords['truths']
}

export interface TableFinding {
  row: number
  field: string
  what: 'name' | 'level' | 'state' | 'head' | 'twice' | 'empty'
}

// A spreadsheet runs a text that begins so, and takes digits for a number: an apostrophe in front says that it is words.
const FORMULA = /^[=+\-@\t\r']/

/** A cell as it was before an apostrophe was put in front. */
const bare = (cell: string): string => (cell.startsWith("'") ? cell.slice(1) : cell.trim())

/** A property as a cell says it; undefined when it says nothing. */
export function readCell(cell: string, truths: TableWords['truths'] = {}): Property | undefined {
  if (cell.startsWith("'")) return cell.slice(1)
  const clean = cell.trim()
  return clean === '' ? undefined : (truths[clean.toLowerCase()] ?? propertyOf(clean))
}

/** A property so that `readCell` reads the same. */
export function writtenCell(value: Property): string {
  if (typeof value !== 'string') return String(value)
  return FORMULA.test(value) || value !== value.trim() || typeof propertyOf(value) !== 'string' ? `'${value}` : value
}

const guarded = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)

/** Which relation a heading means. */
function relationOf(name: string, words: TableWords): string | null {
  const mark = [RELATION, ...words.marks].find((one) => name.startsWith(one))
  if (mark) return name.slice(mark.length).trim()
  const folded = name.toLowerCase().replace(/ /g, '_')
  return KINDS.find((one) => one === folded) ?? words.relations[name.toLowerCase()] ?? null
}

/** Read the first row as names of columns. */
export function tableOf(cells: readonly (readonly string[])[], words: TableWords = NO_WORDS): AssetTable {
  const names = (cells[0] ?? []).map((cell) => bare(cell).trim())
  const columns = names.map((name): Column | null => COLUMNS.find((one) => one === name.toLowerCase().replace(/ /g, '_')) ?? words.columns[name.toLowerCase()] ?? null)
  const spoken = names.findIndex((name, i) => columns[i] === null && words.called.includes(name.toLowerCase()))
  if (spoken >= 0) columns[spoken] = columns.includes('asset') ? 'title_zh' : 'asset'
  const relations = names.map((name, i) => (columns[i] === null ? relationOf(name, words) : null))
  const head = names.map((name, i) => relations[i] ?? (columns[i] === null && name.startsWith(MARK) ? name.slice(MARK.length) : name))
  const findings: TableFinding[] = []
  const rows = cells.slice(1).map((row) => head.map((_, i) => row[i] ?? ''))
  const table: AssetTable = { head, rows, columns, relations, findings, truths: words.truths }
  const at = columns.indexOf('asset')
  if (at < 0) return { ...table, findings: [{ row: 0, field: 'asset', what: 'head' }] }
  head.forEach((name, i) => {
    if (name && (columns[i] ? columns.indexOf(columns[i]) : head.findIndex((other, j) => other === name && columns[j] === null && (relations[j] === null) === (relations[i] === null))) !== i) findings.push({ row: 0, field: name, what: 'twice' })
  })
  if (!rows.length) findings.push({ row: 0, field: '', what: 'empty' })
  rows.forEach((row, i) => {
    columns.forEach((column, j) => {
      if (column) row[j] = bare(row[j] ?? '')
      if (column === 'level') row[j] = words.levels[(row[j] ?? '').toLowerCase()] ?? row[j] ?? ''
      if (column === 'state') row[j] = words.states[(row[j] ?? '').toLowerCase()] ?? row[j] ?? ''
      const cell = row[j] ?? ''
      if (column === 'asset' && !validAsset(cell)) findings.push({ row: i + 1, field: 'asset', what: 'name' })
      if (column === 'level' && cell && !(LEVELS as readonly string[]).includes(cell)) findings.push({ row: i + 1, field: 'level', what: 'level' })
      if (column === 'state' && cell && !(STATES as readonly string[]).includes(cell)) findings.push({ row: i + 1, field: 'state', what: 'state' })
    })
  })
  return table
}

/** What the rows say. Columns that the table does not have stay as they are held; an empty cell empties. */
export function specsOf({ head, rows, columns, relations, truths }: AssetTable, held: ReadonlyMap<string, AssetSpec> = new Map()): AssetSpec[] {
  return rows.map((row) => {
    const asset = row[columns.indexOf('asset')] ?? ''
    const spec: AssetSpec = { ...held.get(asset), asset }
    const properties: Record<string, Property> = { ...spec.properties }
    const related: Record<string, string[]> = { ...spec.relations }
    columns.forEach((column, i) => {
      const cell = row[i] ?? ''
      const name = head[i] ?? ''
      const kind = relations[i]
      if (column === 'asset') return
      if (kind) related[kind] = bare(cell).split(BETWEEN).filter(Boolean)
      else if (column === null) {
        if (!name) return
        const value = readCell(cell, truths)
        if (value === undefined) delete properties[name]
        else properties[name] = value
      } else if (column === 'parent') spec.parent = cell === TOP ? '' : cell || namedAbove(asset)
      else if (column === 'level') spec.level = (cell || 'unit') as Level
      else if (column === 'state') spec.state = (cell || 'in_service') as AssetState
      else spec[column] = cell
    })
    return lean({ ...spec, properties, relations: relations.some(Boolean) ? related : undefined })
  })
}

/** Rows for a spreadsheet, the columns first; relations and properties in the order of their names. */
export function rowsOf(specs: readonly AssetSpec[]): string[][] {
  const names = [...new Set(specs.flatMap((spec) => Object.keys(spec.properties ?? {})))].sort()
  const kinds = [...new Set(specs.flatMap((spec) => Object.keys(spec.relations ?? {})))].sort()
  const cell = (spec: AssetSpec, column: Column): string => {
    if (column === 'level') return spec.level ?? 'unit'
    if (column === 'state') return spec.state ?? 'in_service'
    if (column === 'parent') return spec.parent === undefined ? '' : spec.parent || TOP
    return spec[column] ?? ''
  }
  const known = (name: string) => (COLUMNS as readonly string[]).includes(name.toLowerCase()) || name.startsWith(MARK) || relationOf(name, NO_WORDS) !== null
  const heading = (name: string) => (known(name) ? MARK + name : guarded(name))
  const relation = (kind: string) => ((KINDS as readonly string[]).includes(kind) ? kind : RELATION + kind)
  return [
    [...COLUMNS, ...kinds.map(relation), ...names.map(heading)],
    ...specs.map((spec) => [
      ...COLUMNS.map((column) => guarded(cell(spec, column))),
      ...kinds.map((kind) => guarded((spec.relations?.[kind] ?? []).join('; '))),
      ...names.map((name) => (spec.properties?.[name] === undefined ? '' : writtenCell(spec.properties[name]))),
    ]),
  ]
}

/** The rows with nothing wrong in them yet, and where each stood. */
export function soundRows(table: AssetTable): { table: AssetTable; at: number[] } {
  const bad = new Set(table.findings.map((one) => one.row))
  const at = bad.has(0) ? [] : table.rows.map((_, i) => i + 1).filter((row) => !bad.has(row))
  return { table: { ...table, rows: at.map((row) => table.rows[row - 1] ?? []) }, at }
}
