/** Device templates: what there is of them, one of them, or a maker's table that becomes one. */
import { usePath, useSearch } from '../../components/navigation'
import { routeOf } from '../../core/route'
import { PasteTable } from './PasteTable'
import { TemplateList } from './TemplateList'
import { TemplatePage } from './TemplatePage'

export default function TemplatesPage() {
  const route = routeOf(usePath())
  const asked = new URLSearchParams(useSearch())
  const template = route.page === 'templates' ? route.template : ''
  if (template) return <TemplatePage key={template} template={template} />
  return asked.has('paste') ? <PasteTable /> : <TemplateList />
}
