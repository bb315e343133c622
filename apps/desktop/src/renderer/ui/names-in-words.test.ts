import { expect, test } from 'vitest'
import { namesInWords } from './names-in-words.ts'

test.each([
  [[], 'nobody'],
  [['Ada'], 'Ada'],
  [['Ada', 'Ben'], 'Ada and Ben'],
  [['Ada', 'Ben', 'Chiara'], 'Ada, Ben and Chiara'],
  [['Ada', 'Ben', 'Chiara', 'Dai'], 'Ada, Ben and 2 others'],
])('%j: %s', (names, words) => {
  expect(namesInWords(names)).toBe(words)
})
