import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Delivery } from './delivery.ts'
import type { Committed } from './store.ts'

const head = (seq: number) => ({ seq, hash: new Uint8Array(32).fill(seq) })
const committed = (from: number, count: number, stream = 's'): Committed => ({
  team: 't',
  stream,
  from,
  entries: Array.from({ length: count }, () => new Uint8Array(1)),
  head: head(from + count - 1),
})

describe('delivery', () => {
  test('an up-to-date stream is pushed, one that is not followed never', () => {
    const delivery = new Delivery()
    delivery.follow('s', 3, head(2))
    expect(delivery.due()).toBeUndefined()
    expect(delivery.offer(committed(3, 2), false)).toBe(true)
    expect(delivery.offer(committed(0, 1, 'other'), false)).toBe(false)
    expect(delivery.due()).toBeUndefined()
  })

  test('a congested stream becomes stale, is read from where it stopped, and is pushed again afterwards', () => {
    const delivery = new Delivery()
    delivery.follow('s', 0, null)
    expect(delivery.offer(committed(0, 1), true)).toBe(false)
    expect(delivery.offer(committed(1, 1), false)).toBe(false)
    const span = delivery.due()
    expect(span).toEqual({ stream: 's', from: 0 })
    if (span === undefined) return
    expect(delivery.take(span, 2, head(1))).toBe(true)
    expect(delivery.due()).toBeUndefined()
    expect(delivery.offer(committed(2, 1), false)).toBe(true)
  })

  test('what catch-up has sent already is not pushed', () => {
    const delivery = new Delivery()
    delivery.follow('s', 0, head(4))
    expect(delivery.take({ stream: 's', from: 0 }, 5, head(4))).toBe(true)
    expect(delivery.offer(committed(3, 2), false)).toBe(false)
    expect(delivery.offer(committed(5, 1), false)).toBe(true)
  })

  test('the ledger is read before every other stream, also where it became stale after them', () => {
    const delivery = new Delivery()
    delivery.follow('c/1', 0, head(9))
    delivery.follow('ledger', 0, head(1))
    expect(delivery.due()?.stream).toBe('ledger')
    expect(delivery.take({ stream: 'ledger', from: 0 }, 2, head(1))).toBe(true)
    expect(delivery.due()).toEqual({ stream: 'c/1', from: 0 })
    expect(delivery.take({ stream: 'c/1', from: 0 }, 5, head(9))).toBe(true)
    expect(delivery.offer(committed(2, 1, 'ledger'), true)).toBe(false)
    expect(delivery.due()).toEqual({ stream: 'ledger', from: 2 })
  })

  test('a client that claims more than there is hears of what comes', () => {
    const delivery = new Delivery()
    delivery.follow('s', 900, head(4))
    expect(delivery.offer(committed(5, 1), false)).toBe(true)
  })

  test('own entries are not pushed back, but never at the price of what came before them', () => {
    const delivery = new Delivery()
    delivery.follow('s', 5, head(4))
    delivery.appended('s', 5, head(6))
    expect(delivery.offer(committed(5, 2), false)).toBe(false)
    delivery.appended('s', 8, head(8))
    expect(delivery.offer(committed(7, 2), false)).toBe(true)
  })

  test('P5 a stream taken away is not sent even if it was being read', () => {
    const delivery = new Delivery()
    delivery.follow('s', 0, head(4))
    const span = delivery.due() ?? { stream: '', from: -1 }
    delivery.retain(() => false)
    expect(delivery.take(span, 3, head(4))).toBe(false)
    expect(delivery.due()).toBeUndefined()
    expect(delivery.offer(committed(5, 1), false)).toBe(false)
  })

  test('a rewound stream is sent again from there', () => {
    const delivery = new Delivery()
    delivery.follow('s', 5, head(4))
    delivery.rewind('s', 2)
    expect(delivery.due()).toEqual({ stream: 's', from: 2 })
  })

  test('a store that has no more ends catch-up', () => {
    const delivery = new Delivery()
    delivery.follow('s', 0, head(4))
    expect(delivery.take({ stream: 's', from: 0 }, 0, head(4))).toBe(false)
    expect(delivery.due()).toBeUndefined()
  })

  test('whatever the order of commits, congestion and reads, every entry is sent, in order', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('commit' as const),
        count: fc.integer({ min: 1, max: 4 }),
        congested: fc.boolean(),
      }),
      fc.record({ do: fc.constant('read' as const), count: fc.integer({ min: 1, max: 3 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(5), (steps, start) => {
        const delivery = new Delivery()
        let length = 5
        const sent: number[] = []
        const send = (from: number, count: number) => {
          for (let i = 0; i < count; i++) sent.push(from + i)
        }
        const read = (count: number) => {
          const span = delivery.due()
          if (span === undefined) return
          const available = Math.min(count, length - span.from)
          if (delivery.take(span, available, head(length - 1))) send(span.from, available)
        }
        delivery.follow('s', start, head(length - 1))
        for (const each of steps) {
          if (each.do === 'read') read(each.count)
          else {
            const from = length
            length += each.count
            if (delivery.offer(committed(from, each.count), each.congested)) send(from, each.count)
          }
        }
        while (delivery.due() !== undefined) read(3)
        expect(sent).toEqual(Array.from({ length: length - start }, (_, i) => start + i))
      }),
    )
  })
})
