/** Line icons of one weight, drawn here so that nothing is fetched. */
const PATHS = {
  overview: 'M3 4h7v7H3zM14 4h7v4h-7zM14 12h7v8h-7zM3 15h7v5H3z',
  assets: 'M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4',
  area: 'M3 5h18v14H3zM3 12h8M11 5v14',
  line: 'M2 9h20v6H2zM6 12h.01M12 12h.01M18 12h.01M5 15v4M19 15v4',
  unit: 'M4 9h16v10H4zM8 9V5h8v4M8 14h8',
  part: 'M12 3l7.500 4.500v9L12 21l-7.500-4.500v-9zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
  material: 'M12 3c3.500 4.500 5.500 7 5.500 10a5.500 5.500 0 0 1-11 0c0-3 2-5.500 5.500-10z',
  product: 'M12 3l8 4v10l-8 4-8-4V7zM4 7l8 4 8-4M12 11v10',
  lot: 'M4 14h7v6H4zM13 14h7v6h-7zM8.500 6h7v6h-7z',
  work: 'M8 4h8v4H8zM8 6H5v15h14V6h-3M8.500 14.500l2.500 2.500 4.500-5',
  screens: 'M3 4h18v13H3zM8 21h8M12 17v4M7 13l3-4 3 2.500 4-5',
  connect: 'M7 3v5M13 3v5M4.5 8h11v3.5a5.5 5.5 0 0 1-11 0zM10 17v2.5a1.5 1.5 0 0 0 1.5 1.5H20',
  trends: 'M3 3v18h18M6.5 15.5l4-5 3.5 3 5.5-8',
  sql: 'M12 4c4.4 0 8 1.3 8 3s-3.6 3-8 3-8-1.3-8-3 3.6-3 8-3zM4 7v10c0 1.7 3.6 3 8 3s8-1.3 8-3V7M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  system: 'M3 12h4l2-6 4 13 3-9 1.5 2H21',
  command: 'M4 12h11M11 7.500l4.500 4.500-4.500 4.500M19.500 5v14',
  demo: 'M3 20V9l5 3.5V9l5 3.5V4h8v16zM16.5 8v.01M16.5 12v.01M16.5 16v.01',
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 21 21',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  person: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21c.6-4.2 3.800-6 8-6s7.400 1.800 8 6',
  key: 'M7.500 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM11.500 12H21M17.500 12v3.500M21 12v2.500',
  company: 'M4 21V5l8-2v18M12 9h8v12M3 21h18M7 8v.01M7 12v.01M7 16v.01M16 13v.01M16 17v.01',
  audit: 'M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 15.500h4M9 19h2',
  language: 'M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0zM3 12h18M12 3c3 3.200 3 14.800 0 18M12 3c-3 3.200-3 14.800 0 18',
  chevron: 'M9 6l6 6-6 6',
  down: 'M6 9l6 6 6-6',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6 6 18',
  check: 'M5 12.500l4.500 4.500L19 7',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  download: 'M12 4v11M7.500 11l4.500 4.500 4.500-4.500M4 20h16',
  refresh: 'M20 11a8 8 0 0 0-14.500-3.500L3 10M3 5v5h5M4 13a8 8 0 0 0 14.500 3.500L21 14M21 19v-5h-5',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1.500 1.500M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1.500-1.500',
  eye: 'M2 12c3-5 6.500-7 10-7s7 2 10 7c-3 5-6.500 7-10 7s-7-2-10-7zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
  eyeOff: 'M4 4l16 16M6 7.500C4.500 8.700 3.200 10.200 2 12c3 5 6.500 7 10 7 1.500 0 3-.4 4.500-1.200M10 5.200c.7-.1 1.300-.2 2-.2 3.500 0 7 2 10 7-.7 1.200-1.500 2.200-2.300 3',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  why: 'M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.01M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0z',
  folder: 'M3 6h6l2 2h10v11H3z',
  play: 'M7 5l12 7-12 7z',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.500 9v.01',
  wrench: 'M14.500 6.500a4.500 4.500 0 0 1 5.800-1.300l-3 3 1.500 1.500 3-3a4.500 4.500 0 0 1-6.300 5.300L8 19.500a2.100 2.100 0 0 1-3-3l7.500-7.500',
} as const

export type IconName = keyof typeof PATHS

/** `size` in CSS pixels. Decoration only: the word beside it, or the button's label, says what it means. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth={1.6} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
