/** Tables as spreadsheets write them (RFC 4180), with the habits they have: other separators, a mark in front, GB 18030. */

/** Text of a file: by its byte order mark, else UTF-8, else what Chinese spreadsheets write. */
export function decodedText(bytes: Uint8Array): { text: string; encoding: 'utf-8' | 'utf-16' | 'gb18030' } {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { text: new TextDecoder('utf-16le').decode(bytes), encoding: 'utf-16' }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { text: new TextDecoder('utf-16be').decode(bytes), encoding: 'utf-16' }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' }
  } catch {
    return { text: new TextDecoder('gb18030').decode(bytes), encoding: 'gb18030' }
  }
}

/** What stands between the cells of the first line: the most frequent outside of quotes; a comma when none does. */
export function separatorOf(text: string): string {
  const line = (/^\s*([^\n]*)/.exec(text)?.[1] ?? '').replace(/"[^"]*"/g, '')
  const times = (sign: string) => line.split(sign).length - 1
  return [',', '\t', ';'].reduce((best, sign) => (times(sign) > times(best) ? sign : best), ',')
}

/** Rows of cells; empty lines are left out. A quote that is never closed ends with the text. */
export function parsedCsv(text: string, separator = separatorOf(text)): string[][] {
  const source = text.replace(/^\ufeff/, '')
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  const endCell = () => {
    row.push(cell)
    cell = ''
  }
  const endRow = () => {
    endCell()
    if (row.some((one) => one.trim() !== '')) rows.push(row)
    row = []
  }
  for (let i = 0; i < source.length; i++) {
    const sign = source[i] ?? ''
    if (quoted) {
      if (sign !== '"') cell += sign
      else if (source[i + 1] === '"') {
        cell += '"'
        i++
      } else quoted = false
    } else if (sign === '"' && cell === '') quoted = true
    else if (sign === separator) endCell()
    else if (sign === '\n') endRow()
    else if (sign !== '\r' || source[i + 1] !== '\n') cell += sign
  }
  endRow()
  return rows
}

const written = (cell: string): string => (/[",\r\n]/.test(cell) || cell !== cell.trim() ? `"${cell.replace(/"/g, '""')}"` : cell)

/** With the mark that makes a spreadsheet read UTF-8. */
export const csvText = (rows: readonly (readonly string[])[]): string => `\ufeff${rows.map((row) => `${row.map(written).join(',')}\r\n`).join('')}`
