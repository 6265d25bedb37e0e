/** A line of 100 CSS pixels: shape of the last minutes, no axes. Gaps stay gaps. */

export interface SparkProps {
  t: readonly number[]
  y: readonly (number | null)[]
  /** CSS pixels. */
  width: number
  height: number
  label: string
}

export function sparkPath(t: readonly number[], y: readonly (number | null)[], width: number, height: number): { line: string; last: [number, number] | null } {
  const t0 = t[0] ?? 0
  const t1 = t[t.length - 1] ?? 1
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const v of y) {
    if (v === null || Number.isNaN(v)) continue
    if (v < min) min = v
    if (v > max) max = v
  }
  if (min > max) return { line: '', last: null }
  const flat = max - min < 1e-12
  let line = ''
  let pen = false
  let last: [number, number] | null = null
  t.forEach((s, i) => {
    const v = y[i]
    if (v === null || v === undefined || Number.isNaN(v)) {
      pen = false
      return
    }
    const px = 1 + ((s - t0) / Math.max(t1 - t0, 1e-9)) * (width - 4)
    const py = flat ? height / 2 : 2 + (1 - (v - min) / (max - min)) * (height - 4)
    line += `${pen ? 'L' : 'M'}${px.toFixed(1)} ${py.toFixed(1)}`
    pen = true
    last = [px, py]
  })
  return { line, last }
}

export function Spark({ t, y, width, height, label }: SparkProps) {
  const { line, last } = sparkPath(t, y, width, height)
  return (
    <svg className="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={line} fill="none" vectorEffect="non-scaling-stroke" />
      {last ? <path d={`M${last[0]} ${last[1]}h0`} className="spark-end" vectorEffect="non-scaling-stroke" /> : null}
    </svg>
  )
}
