import { expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { openClock } from './clock.ts'

it('P16 never moves back past the highest time seen, over a restart too', async () => {
  const store = memoryStore()
  let time = 1_000_000
  const clock = await openClock(store, () => time)
  expect(clock.now()).toBe(1_000_000)
  time = 2_000_000
  expect(clock.now()).toBe(2_000_000)
  time = 5
  expect(clock.now()).toBe(2_000_000)
  await clock.save()
  const again = await openClock(store, () => time)
  expect(again.now()).toBe(2_000_000)
  time = 2_000_001.7
  expect(again.now()).toBe(2_000_001)
})
