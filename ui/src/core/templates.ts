/** Submodel templates as forms, and what was filled in for an asset: the calls, and answers as the form edits them. */
import type { components } from '../wire/openapi'
import { askJson, query } from './http'

export type TemplateLine = components['schemas']['TemplateLine']
export type FormAnswer = components['schemas']['FormAnswer']
export type Filled = components['schemas']['FilledLine']
export type FilledAnswer = components['schemas']['FilledAnswer']
export type Field = components['schemas']['Field']

export type Answer = string | number | boolean | null | Answers | Answer[]
export interface Answers {
  [name: string]: Answer
}

/** base64url of UTF-8, as ids stand in paths. */
export const pathId = (id: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(id)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')

const of = (asset: string, id = ''): string => `/assets/${encodeURIComponent(asset)}/submodels${id ? `/${pathId(id)}` : ''}`

export const templates = {
  list: (signal?: AbortSignal) => askJson<{ templates: TemplateLine[] }>('/aas-templates', { signal }).then((told) => told.templates),
  form: (id: string, asset: string, signal?: AbortSignal) => askJson<FormAnswer>(`/aas-templates/${pathId(id)}${query({ asset })}`, { signal }),
  filled: (asset: string, signal?: AbortSignal) => askJson<{ submodels: Filled[] }>(of(asset), { signal }).then((told) => told.submodels),
  one: (asset: string, id: string, signal?: AbortSignal) => askJson<FormAnswer>(of(asset, id), { signal }),
  /** Keeps it, or says what is missing or wrong; `id` empty: a new one. */
  put: (asset: string, id: string, template: string, answers: Answers, how: 'check' | 'whole' | 'incomplete') =>
    askJson<FilledAnswer>(`${of(asset, id)}${how === 'whole' ? '' : `?${how}=true`}`, { method: id ? 'PUT' : 'POST', json: { template, answers } }),
  drop: (asset: string, id: string) => askJson<null>(of(asset, id), { method: 'DELETE' }),
}

/** What is said in a language, else in English, else at all, else the name. */
export function said(texts: Readonly<Record<string, string>>, language: string, otherwise = ''): string {
  const found = [language, 'en'].map((wanted) => Object.keys(texts).find((one) => one.startsWith(wanted))).find(Boolean)
  return (found ? texts[found] : Object.values(texts)[0]) ?? otherwise
}

/** Whether a field's answer is a list: it may stand there several times, or its author names each. */
export const isMany = (field: Field): boolean => field.most !== 1 || field.is_named

export const asObject = (answer: Answer | undefined): Answers => (answer !== null && typeof answer === 'object' && !Array.isArray(answer) ? answer : {})

export function asList(answer: Answer | undefined): Answer[] {
  if (Array.isArray(answer)) return answer
  return answer === undefined || answer === null || answer === '' ? [] : [answer]
}

export const asText = (answer: Answer | undefined): string => (typeof answer === 'string' || typeof answer === 'number' ? String(answer) : '')

/** The entries of a repeated field as the form shows them: at least as many as the template needs. */
export function entriesOf(field: Field, answer: Answer | undefined): Answer[] {
  const held = asList(answer)
  return held.length >= field.least ? held : [...held, ...Array.from({ length: field.least - held.length }, () => (field.is_named ? {} : null))]
}
