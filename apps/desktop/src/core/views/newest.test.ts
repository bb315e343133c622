import { describe, expect, it } from 'vitest'
import { newest } from './newest.ts'

const ids = Array.from({ length: 10 }, (_, n) => n)
const live = new Set([0, 7])

const asked = (limit: number, viewOf = (id: number): number | null => id) => {
  const opened: number[] = []
  const page = newest(
    ids,
    limit,
    (id) => live.has(id),
    (id) => {
      opened.push(id)
      return viewOf(id)
    },
  )
  return { ...page, opened }
}

describe('the newest of a list', () => {
  it('what is live is there however old it is; of the rest no more than were asked for, newest first', () => {
    expect(asked(2)).toEqual({ rows: [9, 8, 7, 0], more: true, opened: [9, 8, 7, 0] })
  })

  it('nothing that is not shown is opened', () => {
    expect(asked(0)).toEqual({ rows: [7, 0], more: true, opened: [7, 0] })
    expect(asked(1).opened).not.toContain(8)
  })

  it('what has no view does not count, and the last page says that it is the last', () => {
    expect(asked(2, (id) => (id > 7 ? null : id))).toMatchObject({ rows: [7, 6, 5, 0], more: true })
    expect(asked(8)).toMatchObject({ rows: [...ids].reverse(), more: false })
    expect(newest([], 5, () => false, String)).toEqual({ rows: [], more: false })
  })
})
