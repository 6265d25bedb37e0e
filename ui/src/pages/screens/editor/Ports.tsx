/** Where pipes may begin and end, shown while somebody draws them. */
import type { Items } from './arrange'
import { jointsOf } from './follow'

export function Ports({ items }: { items: Items }) {
  return (
    <g className="draw-ports">
      {items.flatMap((item) => jointsOf(item).map((joint) => <circle key={`${item.id} ${joint.port}`} cx={joint.x} cy={joint.y} r={5} />))}
    </g>
  )
}
