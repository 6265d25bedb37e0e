/** Tasks: a list, one of them, or a new one. */
import { NewTask } from './NewTask'
import { TaskList } from './TaskList'
import { TaskView } from './TaskView'

export default function TasksRoom({ one }: { one: string }) {
  if (one === 'new') return <NewTask />
  return one ? <TaskView key={one} task={one} /> : <TaskList />
}
