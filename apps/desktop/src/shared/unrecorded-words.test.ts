import { expect, test } from 'vitest'
import { unrecordedInWords } from './unrecorded-words.ts'

test('P18 a policy’s reads without a record are said in words, and an absent field says that there are none', () => {
  expect(unrecordedInWords({})).toBe('nothing is read without an audit record')
  const said = (maxUnrecordedMs: number): string => unrecordedInWords({ maxUnrecordedMs })
  expect(said(60_000)).toMatch(/for at most one minute$/)
  expect(said(900_000)).toMatch(/for at most 15 minutes$/)
  expect(said(90_000)).toMatch(/for at most 90 seconds$/)
})
