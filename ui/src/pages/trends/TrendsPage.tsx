/** Many points, one time axis. */
import { Button, Drawer } from 'antd'
import type uPlot from 'uplot'
import { type DragEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Empty, ErrorNote } from '../../components/notes'
import { DRAG_TYPE, PointTree } from '../../components/PointTree'
import { useNow } from '../../components/useLive'
import { useSeries } from '../../components/useSeries'
import { useSize } from '../../components/useSize'
import { stepped, type Trace } from '../../core/series'
import { fixedRange, isLive, resolve, secondsOf, usOf } from '../../core/time'
import { added, removed, type TrendState } from '../../core/trendstate'
import { BrushStrip } from './BrushStrip'
import { EpisodeKinds } from './EpisodeKinds'
import { PlotStack } from './PlotStack'
import { TrendBar } from './TrendBar'
import { TrendLegend } from './TrendLegend'
import { useEpisodes } from './useEpisodes'
import { useTrendState } from './useTrendState'

const LIVE_MS = 1000
const STRIP = 3

/** What the overview strip draws: levels before states, which would fill it. */
function strip(traces: readonly Trace[], names: readonly string[]): string[] {
  const levels = traces.filter((trace) => !stepped(trace)).map((trace) => trace.head.name)
  return (levels.length ? levels : [...names]).slice(0, STRIP)
}

export default function TrendsPage() {
  const { t } = useTranslation()
  const [state, setState] = useTrendState()
  const { ref, width } = useSize<HTMLDivElement>()
  const [picking, setPicking] = useState(false)
  const [dropping, setDropping] = useState(false)
  const [hover, setHover] = useState<number | null>(null)
  const [marks, setMarks] = useState<number[]>([])
  const plots = useRef(new Map<string, uPlot>())
  const now = useNow(LIVE_MS)
  const live = isLive(state.range)
  const { startUs, endUs } = useMemo(() => resolve(state.range, now * 1000), [state.range.start, state.range.end, live ? now : 0])
  const from = secondsOf(startUs)
  const to = secondsOf(endUs)
  const series = useSeries(state.points, state.range, width)
  const found = useEpisodes(state, live ? Math.floor(now / 30_000) : 0)

  useEffect(() => {
    document.title = `${t('nav.trends')} · 百工 Baigong`
  }, [t])

  const onRange = useCallback((a: number, b: number) => setState({ ...state, range: fixedRange(usOf(a), usOf(b)) }), [state, setState])
  const onMark = useCallback((s: number) => setMarks((old) => (old.length >= 2 ? [] : [...old, s])), [])
  const toggle = (name: string) => setState(state.points.includes(name) ? removed(state, name) : added(state, [name]))

  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setDropping(false)
    const raw = event.dataTransfer.getData(DRAG_TYPE)
    if (raw) setState(added(state, JSON.parse(raw) as string[]))
  }
  const tree = <PointTree chosen={new Set(state.points)} onToggle={toggle} onAdd={(names) => setState(added(state, names))} />
  const shownTraces = series.traces.filter((trace) => !state.hidden.includes(trace.head.name))
  const colours = shownTraces.map((trace) => state.points.indexOf(trace.head.name))

  return (
    <div className="trends">
      <aside className="trends-tree">{tree}</aside>
      <section className="trends-main">
        <TrendBar state={state} onState={(next: TrendState) => setState(next)} live={live} plots={plots.current} onPick={() => setPicking(true)} />
        <div
          className={`trends-plot ${dropping ? 'is-dropping' : ''}`}
          ref={ref}
          onDragOver={(event) => {
            if (!event.dataTransfer.types.includes(DRAG_TYPE)) return
            event.preventDefault()
            setDropping(true)
          }}
          onDragLeave={() => setDropping(false)}
          onDrop={onDrop}
        >
          {state.points.length === 0 ? (
            <Empty icon="trends" title={t('trends.none')} advice={t('trends.noneAdvice')}>
              <Button className="trends-pick" type="primary" onClick={() => setPicking(true)}>
                {t('trends.pick')}
              </Button>
            </Empty>
          ) : null}
          {series.error ? <ErrorNote problem={series.error} retry={series.reload} /> : null}
          {state.points.length && width > 0 ? (
            <PlotStack
              traces={shownTraces}
              colours={colours}
              stack={state.layout === 'stack'}
              fetched={{ from: series.from, to: series.to }}
              view={{ from, to }}
              width={width}
              episodes={found.shown}
              marks={marks}
              loading={series.loading && series.traces.length === 0}
              plots={plots.current}
              onRange={onRange}
              onHover={setHover}
              onMark={onMark}
            />
          ) : null}
        </div>
        {state.points.length ? (
          <>
            <EpisodeKinds found={found} />
            <BrushStrip points={strip(series.traces, state.points)} view={{ from, to }} live={live} width={width} onRange={onRange} />
            <TrendLegend state={state} traces={series.traces} hover={hover} marks={marks} tookMs={series.tookMs} onState={setState} onClearMarks={() => setMarks([])} />
          </>
        ) : null}
      </section>
      <Drawer className="trends-drawer" open={picking} onClose={() => setPicking(false)} placement="left" size={320} title={t('trends.pick')} extra={<Icon name="trends" />}>
        {tree}
      </Drawer>
    </div>
  )
}
