import { describe, expect, it } from 'vitest'
import type { ItemRow } from '../../../shared/views.ts'
import { listLines } from './list-lines.ts'

const row = (name: string, environmentName: string, part: Partial<ItemRow> = {}): ItemRow => ({
  item: `${environmentName}-${name}`,
  vault: 'v',
  environment: environmentName,
  vaultName: 'llm',
  environmentName,
  name,
  provider: 'openai',
  version: 1,
  updatedAt: 0,
  updatedBy: { member: 'm', name: 'Ada' },
  level: 'hold',
  conflict: false,
  bindings: 0,
  rotationDue: false,
  ...part,
})
const told = (rows: ItemRow[], environments: string[]): string[] =>
  listLines(rows, environments).map((line) =>
    line.type === 'group' ? `${line.label}: ${line.count}` : `${line.index} ${line.row.name}`,
  )

describe('lines of the credential list', () => {
  it('stand by environment in the vault’s order, by name within', () => {
    const rows = [row('b', 'production'), row('c', 'staging'), row('a', 'production')]
    expect(told(rows, ['staging', 'production'])).toEqual([
      'llm / staging: 1',
      '0 c',
      'llm / production: 2',
      '1 a',
      '2 b',
    ])
  })

  it('put what needs a hand first, and an environment not listed yet last', () => {
    const rows = [row('x', 'new'), row('a', 'old'), row('z', 'old', { conflict: true })]
    expect(told(rows, ['old'])).toEqual(['llm / old: 2', '0 z', '1 a', 'llm / new: 1', '2 x'])
  })
})
