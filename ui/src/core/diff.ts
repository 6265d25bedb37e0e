/** Line difference of two short texts (device files), longest common subsequence. */

export interface DiffLine {
  kind: 'same' | 'removed' | 'added'
  text: string
}

export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split('\n')
  const b = after.split('\n')
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const out: DiffLine[] = a.slice(0, head).map((text) => ({ kind: 'same', text }))
  out.push(...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)))
  out.push(...a.slice(a.length - tail).map((text): DiffLine => ({ kind: 'same', text })))
  return out
}

function middle(a: string[], b: string[]): DiffLine[] {
  // A table of n·m: beyond this the whole middle counts as replaced.
  if (a.length * b.length > 4_000_000) {
    return [...a.map((text): DiffLine => ({ kind: 'removed', text })), ...b.map((text): DiffLine => ({ kind: 'added', text }))]
  }
  const width = b.length + 1
  const length = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number) => length[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) length[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  const out: DiffLine[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'same', text: a[i] ?? '' })
      i++
      j++
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) out.push({ kind: 'removed', text: a[i++] ?? '' })
    else out.push({ kind: 'added', text: b[j++] ?? '' })
  }
  return out
}

/** Only changed lines with `around` lines of context; `null` marks what was left out. */
export function hunks(lines: readonly DiffLine[], around = 3): (DiffLine | null)[] {
  const keep = new Uint8Array(lines.length)
  lines.forEach((line, i) => {
    if (line.kind === 'same') return
    keep.fill(1, Math.max(0, i - around), Math.min(lines.length, i + around + 1))
  })
  const out: (DiffLine | null)[] = []
  lines.forEach((line, i) => {
    if (keep[i]) out.push(line)
    else if (out.length === 0 || out[out.length - 1] !== null) out.push(null)
  })
  return out
}
