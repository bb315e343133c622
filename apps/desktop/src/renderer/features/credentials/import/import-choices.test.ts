import { describe, expect, it } from 'vitest'
import type { ImportRow } from '../../../../shared/job-views.ts'
import { choicesOf } from './import-choices.ts'

const row = (number: number, name: string, known = true): ImportRow => ({
  row: number,
  name,
  provider: known ? 'openai' : 'custom',
  variables: [],
  remarks: [],
  known,
  result: null,
})
const here = [{ environment: 'e1', name: 'openai' }]
const rows = [row(0, 'openai'), row(1, 'openai-prod'), row(2, 'webhook', false)]
const shortly = (...given: Parameters<typeof choicesOf>) =>
  choicesOf(...given).map(({ name, chosen, problem }) => [name, chosen, problem])

describe('what is chosen of an env file', () => {
  it('takes what the catalogue knows, and nothing under a name that is there already', () => {
    expect(shortly(rows, {}, here, 'e1')).toEqual([
      ['openai', false, 'There is one of this name already.'],
      ['openai-prod', true, undefined],
      ['webhook', false, undefined],
    ])
    expect(shortly(rows, {}, here, 'e2')[0]).toEqual(['openai', true, undefined])
  })

  it('takes it again as soon as it is given a free name', () => {
    expect(shortly(rows, { 0: { name: 'openai-2' } }, here, 'e1')[0]).toEqual(['openai-2', true, undefined])
  })

  it('says what is wrong with a name: of two alike both, of one not taken nothing', () => {
    expect(shortly(rows, { 1: { name: 'openai' } }, [], 'e1').slice(0, 2)).toEqual([
      ['openai', true, 'Two are to have this name.'],
      ['openai', true, 'Two are to have this name.'],
    ])
    expect(shortly(rows, { 2: { name: 'openai' } }, [], 'e1')[2]?.[2]).toBeUndefined()
    expect(shortly(rows, { 1: { name: '' } }, [], 'e1')[1]?.[2]).toBe('It needs a name.')
    expect(shortly(rows, { 1: { name: 'Open AI' } }, [], 'e1')[1]?.[2]).toMatch(/lower-case/)
  })
})
