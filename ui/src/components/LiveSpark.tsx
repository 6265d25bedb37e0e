/** A spark that draws itself from the live feed. */
import { Spark } from '../charts/Spark'
import { useLiveRun } from './useLive'

export interface LiveSparkProps {
  name: string
  seconds?: number
  start?: { times_us: number[]; values: (number | null)[] }
  width?: number
  height?: number
}

export function LiveSpark({ name, seconds = 300, start, width = 120, height = 28 }: LiveSparkProps) {
  const { t, y } = useLiveRun(name, seconds, start)
  return <Spark t={t} y={y} width={width} height={height} label={name} />
}
