/** Copy a text and say so; works on plain http too, where the clipboard interface is shut. */
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Icon } from './Icon'

export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  area.style.opacity = '0'
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

export function useCopy(): (text: string) => void {
  const { t } = useTranslation()
  const { message } = App.useApp()
  return (text) => void copyText(text).then(() => message.success(t('common.copied')))
}

export function CopyButton({ text, label }: { text: string | (() => string); label?: string }) {
  const { t } = useTranslation()
  const copy = useCopy()
  return (
    <Button size="small" type="text" icon={<Icon name="copy" size={15} />} aria-label={label ?? t('common.copy')} title={label ?? t('common.copy')} onClick={() => copy(typeof text === 'string' ? text : text())} />
  )
}
