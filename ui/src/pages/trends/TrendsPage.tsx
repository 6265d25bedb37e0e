/** Many points, one time axis. */
import { Button, Drawer } from 'antd'
import type uPlot from 'uplot'
import { type DragEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Empty, ErrorNote } from '../../components/notes'
import { useTitle } from '../../components/Page'
import { DRAG_TYPE, PointTree } from '../../components/PointTree'
import { useNow } from '../../components/useLive'
import { useSeries } from '../../components/useSeries'
import { useSize } from '../../components/useSize'
import { stepped, type Trace } from '../../core/series'
import { fixedRange, isLive, resolve, secondsOf, usOf } from '../../core/time'
import { added, removed, type TrendState } from '../../core/trendstate'
import { columnsOf, keepColumns } from '../../core/early'
import type { Episode } from '../../wire/api'
import { spoken } from '../../core/spoken'
import { useLanguageCode } from '../../components/preferences'
import { ANNOTATION, AnnotateDialog } from './AnnotateDialog'
import { BrushStrip } from './BrushStrip'
import { EpisodeKinds } from './EpisodeKinds'
import { PlotStack } from './PlotStack'
import { TrendBar } from './TrendBar'
import { HistogramView } from './HistogramView'
import { ScatterView } from './ScatterView'
import { TrendLegend } from './TrendLegend'
import { TrendTools } from './TrendTools'
import { useCompare } from './useCompare'
import { useEpisodes } from './useEpisodes'
import { useStatistics } from './useStatistics'
import { useTrendKeys } from './useTrendKeys'
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
  const language = useLanguageCode()
  const [state, setState] = useTrendState()
  const { ref, width } = useSize<HTMLDivElement>()
  const [picking, setPicking] = useState(false)
  const [dropping, setDropping] = useState(false)
  const [hover, setHover] = useState<number | null>(null)
  const [marks, setMarks] = useState<number[]>([])
  const [note, setNote] = useState<Episode | null>(null)
  const plots = useRef(new Map<string, uPlot>())
  const now = useNow(LIVE_MS)
  const live = isLive(state.range)
  const { startUs, endUs } = useMemo(() => resolve(state.range, now * 1000), [state.range.start, state.range.end, live ? now : 0])
  const from = secondsOf(startUs)
  const to = secondsOf(endUs)
  const raw = useSeries(state.points, state.range, width, state.counted)
  const traces = useMemo(() => raw.traces.map((trace) => ({ ...trace, head: spoken(language, trace.head) })), [raw.traces, language])
  const series = { ...raw, traces }
  const ghosts = useCompare(state, width, live ? Math.floor(now / 30_000) : 0)
  const waiting = raw.loading && raw.traces.length === 0
  const statistics = useStatistics(state, live ? Math.floor(now / 10_000) : 0, waiting)
  const found = useEpisodes(state, live ? Math.floor(now / 30_000) : 0)

  useEffect(() => {
    if (width > 0) keepColumns(columnsOf(width))
  }, [width])

  useTitle(t('nav.trends'))

  const onRange = useCallback((a: number, b: number) => setState({ ...state, range: fixedRange(usOf(a), usOf(b)) }), [state, setState])
  const onMark = useCallback((s: number) => setMarks((old) => (old.length >= 2 ? [] : [...old, s])), [])
  useTrendKeys(state, setState, () => setMarks([]))
  const assets = useMemo(() => {
    const found = new Map<string, string>()
    for (const { head } of traces) found.set(head.name.slice(0, head.name.lastIndexOf('.')), head.asset_title || head.name.slice(0, head.name.lastIndexOf('.')))
    return [...found].map(([asset, title]) => ({ asset, title }))
  }, [traces])
  const annotate = () => {
    const [a = (from + to) / 2, b = a] = marks
    setNote({ id: '', kind: ANNOTATION, asset: assets[0]?.asset ?? '', start_us: usOf(Math.min(a, b)), end_us: usOf(Math.max(a, b)) })
  }
  const toggle = (name: string) => setState(state.points.includes(name) ? removed(state, name) : added(state, [name]))

  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setDropping(false)
    const raw = event.dataTransfer.getData(DRAG_TYPE)
    if (raw) setState(added(state, JSON.parse(raw) as string[]))
  }
  const tree = <PointTree chosen={new Set(state.points)} onToggle={toggle} onAdd={(names) => setState(added(state, names))} />
  const shownTraces = series.traces.filter((trace) => !state.hidden.includes(trace.head.name))
  const before = ghosts.filter((ghost) => !state.hidden.some((name) => ghost.head.name.startsWith(`${name} `)))
  const drawn = [...shownTraces, ...before]
  const colours = drawn.map((trace) => state.points.findIndex((name) => trace.head.name === name || (trace.ghost && trace.head.name === `${name} −${state.compare}`)))
  const units = [...new Set(traces.filter((trace) => !trace.words && trace.head.kind !== 'state').map((trace) => trace.head.unit))]

  return (
    <div className="trends">
      <aside className="trends-tree">{tree}</aside>
      <section className="trends-main">
        <TrendBar state={state} onState={(next: TrendState) => setState(next)} live={live} plots={plots.current} onPick={() => setPicking(true)} />
        {state.points.length ? <TrendTools state={state} units={units} onState={setState} onAnnotate={annotate} /> : null}
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
          {state.points.length && width > 0 && state.view === 'scatter' ? <ScatterView traces={shownTraces} from={from} to={to} width={width} loading={series.loading && series.traces.length === 0} /> : null}
          {state.points.length && state.view === 'histogram' ? <HistogramView points={state.points.filter((name) => !state.hidden.includes(name))} traces={traces} found={statistics} /> : null}
          {state.points.length && width > 0 && state.view === 'time' ? (
            <PlotStack
              traces={drawn}
              colours={colours}
              layout={state.layout}
              scales={state.scales}
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
            <EpisodeKinds found={found} onNote={setNote} />
            <BrushStrip points={strip(series.traces, state.points)} view={{ from, to }} live={live} width={width} waiting={waiting} onRange={onRange} />
            <TrendLegend state={state} traces={series.traces} hover={hover} marks={marks} tookMs={series.tookMs} statistics={statistics} onState={setState} onClearMarks={() => setMarks([])} />
          </>
        ) : null}
      </section>
      {note ? <AnnotateDialog key={note.id} note={note} assets={assets} onClose={() => setNote(null)} onSaved={found.reload} /> : null}
      <Drawer className="trends-drawer" open={picking} onClose={() => setPicking(false)} placement="left" size={320} title={t('trends.pick')} extra={<Icon name="trends" />}>
        {tree}
      </Drawer>
    </div>
  )
}
