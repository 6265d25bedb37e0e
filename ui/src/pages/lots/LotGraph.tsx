/** The genealogy of a lot as a picture: what went into what, from left to right; each lot leads to its own. */
import { type KeyboardEvent, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { navigate } from '../../components/navigation'
import { widthOf } from '../../components/screen/fitted'
import { number, unitText } from '../../core/format'
import { graphOf, type GraphNode, NODE_H, NODE_W, nodeTowards } from '../../core/lotgraph'
import { doubtful, type Lot, lotLink, type Trace, type Way } from '../../core/lots'

const PAD = 12 // CSS pixels beside the words of a lot
const NAME = 16 // CSS pixels: bold letters of 13 are as wide as these
const SIGN = 20 // CSS pixels of the sign of doubt

/** As much of a text as fits in a width; both in CSS pixels. */
function cut(text: string, size: number, width: number): string {
  const letters = [...text]
  while (letters.length && widthOf(letters.join('')) * size > width) letters.pop()
  return letters.length < [...text].length ? `${letters.slice(0, -1).join('')}…` : text
}

export function LotGraph({ held, way }: { held: Trace; way: Way }) {
  const { t } = useTranslation()
  const box = useRef<SVGSVGElement>(null)
  const graph = useMemo(() => graphOf(held), [held])
  const known = useMemo(() => new Map<string, Lot>(held.lots.map((one) => [one.lot, one])), [held])
  const wrong = useMemo(() => new Set(held.episodes.filter(doubtful).map((one) => one.id)), [held])
  const move = (event: KeyboardEvent, node: GraphNode) => {
    const to = nodeTowards(graph.nodes, node, event.key)
    if (!to) return
    event.preventDefault()
    box.current?.querySelector<SVGAElement>(`[data-lot="${CSS.escape(to.lot)}"]`)?.focus()
  }
  return (
    <section className="card lot-graph">
      <h2>{t('lots.picture')}</h2>
      <p className="muted small">{t('lots.graphText')}</p>
      <div className="lot-graph-box">
        <svg ref={box} width={graph.width} height={graph.height} viewBox={`0 0 ${graph.width} ${graph.height}`} role="group" aria-label={t('lots.graph', { lot: held.lot })}>
          {graph.edges.map((edge) => (
            <path key={edge.path} d={edge.path} className={edge.episodes.some((one) => wrong.has(one)) ? 'is-doubtful' : undefined}>
              <title>{`${edge.from} → ${edge.to}: ${edge.episodes.join(', ')}`}</title>
            </path>
          ))}
          {graph.nodes.map((node) => (node.lot ? <Node key={node.lot} node={node} lot={known.get(node.lot)} asked={node.lot === held.lot} way={way} doubt={known.get(node.lot)?.produced_by.some((one) => wrong.has(one)) ?? false} move={move} /> : <Others key={`${node.x}/${node.y}`} node={node} />))}
        </svg>
      </div>
    </section>
  )
}

function Others({ node }: { node: GraphNode }) {
  const { t } = useTranslation()
  return (
    <g className="lot-others" transform={`translate(${node.x} ${node.y})`}>
      <rect width={NODE_W} height={NODE_H} rx={6} />
      <text x={PAD} y={28}>
        {t('lots.others', { n: node.hidden })}
      </text>
    </g>
  )
}

interface NodeProps {
  node: GraphNode
  lot: Lot | undefined
  asked: boolean
  doubt: boolean
  way: Way
  move: (event: KeyboardEvent, node: GraphNode) => void
}

function Node({ node, lot, asked, doubt, way, move }: NodeProps) {
  const { t } = useTranslation()
  const amount = typeof lot?.quantity === 'number' ? `${number(lot.quantity)} ${unitText(lot.unit)}`.trim() : ''
  const under = [lot?.material, amount].filter(Boolean).join(' · ')
  const words = [node.lot, under, doubt ? t('lots.doubt') : ''].filter(Boolean).join(', ')
  const href = lotLink(node.lot, way)
  return (
    <g transform={`translate(${node.x} ${node.y})`}>
      <a
        href={href}
        data-lot={node.lot}
        aria-label={words}
        aria-current={asked ? 'true' : undefined}
        className={`lot-node${asked ? ' is-asked' : ''}`}
        onKeyDown={(event) => move(event, node)}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return
          event.preventDefault()
          navigate(href)
        }}
      >
        <title>{words}</title>
        <rect width={NODE_W} height={NODE_H} rx={6} />
        <text x={PAD} y={20} className="lot-name">
          {cut(node.lot, NAME, NODE_W - 2 * PAD - (doubt ? SIGN : 0))}
        </text>
        <text x={PAD} y={37} className="lot-under">
          {cut(under, 12, NODE_W - 2 * PAD)}
        </text>
        {doubt ? <path className="lot-doubt" d={`M${NODE_W - 20} 18h13l-6.5 -11z`} /> : null}
      </a>
    </g>
  )
}
