/** The shell that is made of an asset (Asset Administration Shell): the call, and its elements as lines of a tree. */
import type { Language } from './format'
import { askJson, hrefOf } from './http'

interface Said {
  language: string
  text: string
}

export interface Element {
  idShort?: string
  modelType: string
  displayName?: Said[]
  value?: string | Said[] | Element[]
  statements?: Element[]
  globalAssetId?: string
  qualifiers?: { type: string; value?: string }[]
  embeddedDataSpecifications?: { dataSpecificationContent: { unit?: string } }[]
}

export interface Submodel extends Element {
  id: string
  submodelElements?: Element[]
}

export interface Environment {
  assetAdministrationShells: { id: string; idShort: string; assetInformation: { globalAssetId: string } }[]
  submodels?: Submodel[]
}

const path = (asset: string): string => `/assets/${encodeURIComponent(asset)}/aas`

export const shellOf = (asset: string, signal?: AbortSignal): Promise<Environment> => askJson<Environment>(path(asset), { signal })

/** Where the browser gets it as a file. */
export const shellHref = (asset: string, format: 'aasx' | 'json' | 'xml'): string => hrefOf(`${path(asset)}?format=${format}`)

export interface Line {
  key: string
  name: string
  title: string
  text: string
  unit: string
  /** Of a live value: good, uncertain or bad, and when it was, µs. */
  quality: 'good' | 'uncertain' | 'bad' | ''
  atUs: number | null
  inside: Line[]
}

const isSaid = (held: Said[] | Element[]): held is Said[] => held.length > 0 && 'text' in (held[0] as object)

/** What is said in a language, else in English, else at all. */
export function spoken(said: readonly Said[] | undefined, language: Language): string {
  const found = [language, 'en'].map((wanted) => said?.find((one) => one.language.startsWith(wanted))).find(Boolean)
  return (found ?? said?.[0])?.text ?? ''
}

function inside(element: Element): Element[] {
  if (element.statements) return element.statements
  return Array.isArray(element.value) && !isSaid(element.value) ? element.value : []
}

function told(element: Element, language: Language): string {
  const { value } = element
  if (typeof value === 'string') return value
  if (Array.isArray(value) && isSaid(value)) return spoken(value, language)
  return element.modelType === 'Entity' ? (element.globalAssetId ?? '') : ''
}

const severity = (quality: string | undefined): Line['quality'] => (!quality ? '' : quality.startsWith('bad') ? 'bad' : quality.startsWith('uncertain') ? 'uncertain' : 'good')

export function lines(elements: readonly Element[] | undefined, language: Language, above = ''): Line[] {
  return (elements ?? []).map((one, at) => {
    const said = (type: string) => one.qualifiers?.find((qualifier) => qualifier.type === type)?.value
    const time = said('Time')
    const name = one.idShort ?? `[${at}]`
    return {
      key: `${above}/${name}`,
      name,
      title: spoken(one.displayName, language),
      text: said('Word') ?? told(one, language),
      unit: one.embeddedDataSpecifications?.[0]?.dataSpecificationContent.unit ?? '',
      quality: severity(said('Quality')),
      atUs: time ? Date.parse(time) * 1000 : null,
      inside: lines(inside(one), language, `${above}/${name}`),
    }
  })
}
