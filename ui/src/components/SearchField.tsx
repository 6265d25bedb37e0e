/** A field to search with: tells what is looked for once the typing rests. */
import { Input } from 'antd'
import { useEffect, useState } from 'react'
import { Icon } from './Icon'

/** `onSearch` stays the same from one drawing to the next, as a state's setter does. */
export function SearchField({ label, onSearch, rest = 150, className }: { label: string; onSearch: (search: string) => void; rest?: number; className?: string }) {
  const [typed, setTyped] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => onSearch(typed.trim()), rest)
    return () => clearTimeout(timer)
  }, [typed, onSearch, rest])
  return <Input allowClear className={className} prefix={<Icon name="search" size={15} />} placeholder={label} aria-label={label} value={typed} onChange={(e) => setTyped(e.target.value)} />
}
