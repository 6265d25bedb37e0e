/** Documents of assets and types: the calls, and what a class of VDI 2770 is called. */
import type { Problem } from '../wire/api'
import type { components } from '../wire/openapi'
import { ApiError, askJson, hrefOf, query } from './http'

export type Document = components['schemas']['DocumentLine']
/** What documents hang on. */
export type Subject = { asset: string } | { type: string }

export const CLASSES = ['01-01', '02-01', '02-02', '02-03', '02-04', '03-01', '03-02', '03-03', '03-04', '03-05', '03-06', '04-01'] as const
export type DocumentClass = (typeof CLASSES)[number]

export interface Told {
  title: string
  kind: string
  language: string
  version: string
  valid_from: string
  replaces?: string
}

const id = encodeURIComponent

export const documents = {
  list: (of: Subject, retired: boolean, signal?: AbortSignal) => askJson<{ total: number; documents: Document[] }>(`/documents${query({ ...of, ...(retired ? { retired: 'true' } : {}) })}`, { signal }),
  retire: (one: string, emptied: boolean) => askJson<Document>(`/documents/${id(one)}${emptied ? '?content=delete' : ''}`, { method: 'DELETE' }),
}

/** Where the file itself is; `show`: to be looked at, where that is safe. */
export const contentHref = (one: string, show = false): string => hrefOf(`/documents/${id(one)}/content${show ? '?show=true' : ''}`)

/** `kind` as a key of the table of words: `03-02` → `k0302`. */
export const classKey = (kind: DocumentClass) => `k${kind.replace('-', '')}` as 'k0302'

/** A file's name without its ending, as a first title. */
export const titleOf = (file: string): string => file.replace(/\.[^.]{1,5}$/, '') || file

/** Hand a file in; `onPart` is told how much of it is there, 0 to 1. fetch cannot say that, so it is not used. */
export function upload(of: Subject, file: File, told: Told, onPart: (part: number) => void, signal: AbortSignal): Promise<Document> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', hrefOf(`/documents${query({ ...of, ...told, file: file.name })}`))
    request.setRequestHeader('X-Baigong', '1')
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.upload.onprogress = (event) => onPart(event.total ? event.loaded / event.total : 0)
    request.onerror = () => reject(new ApiError({ code: 'client.offline', title: 'The server does not answer.' }, 0))
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'))
    request.onload = () => {
      const answer: unknown = read(request.responseText)
      if (request.status < 300) resolve(answer as Document)
      else reject(new ApiError((answer as Problem | null) ?? { code: `http.${request.status}`, title: `HTTP ${request.status}` }, request.status))
    }
    signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}

function read(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
