import { isDeepStrictEqual } from 'node:util'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CanonicalError, type CborValue, decodeCanonical, encodeCanonical } from './canonical.ts'
import { fromHex, toHex } from './hex.ts'

// A library's decoder, and the definition of "canonical" applied literally to what it returns: encoded again, it is the same bytes.

type Outcome = { readonly accepted: true; readonly value: unknown } | { readonly accepted: false }

/** Whether a value is of the kinds, names and depth that are used at all. */
const isAllowed = (value: unknown, depth = 0): boolean => {
  if (depth > 16) return false
  if (Array.isArray(value)) return value.every((each) => isAllowed(each, depth + 1))
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return true
  return (
    !Object.hasOwn(value, '__proto__') && Object.values(value).every((each) => isAllowed(each, depth + 1))
  )
}

const byLibrary = (bytes: Uint8Array): Outcome => {
  try {
    const value: unknown = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      allowBigInt: false,
      rejectDuplicateMapKeys: true,
    })
    const same = isAllowed(value) && toHex(encode(value, rfc8949EncodeOptions)) === toHex(bytes)
    return same ? { accepted: true, value } : { accepted: false }
  } catch {
    return { accepted: false }
  }
}

const byUs = (bytes: Uint8Array): Outcome => {
  try {
    return { accepted: true, value: decodeCanonical(bytes) }
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error
    return { accepted: false }
  }
}

/** The library drops a byte order mark at the beginning of a text and so refuses what it wrote itself: the one known difference. */
const BYTE_ORDER_MARK = 'efbbbf'

const counts = { accepted: 0, refused: 0 }
const compare = (bytes: Uint8Array): void => {
  const ours = byUs(bytes)
  const library = byLibrary(bytes)
  const again = ours.accepted ? toHex(encodeCanonical(ours.value as CborValue)) : toHex(bytes)
  // Compared here and only shown by `expect`, which takes longer than all the rest.
  if (again !== toHex(bytes)) expect(again).toBe(toHex(bytes))
  if (!again.includes(BYTE_ORDER_MARK) && !isDeepStrictEqual(ours, library)) expect(ours).toEqual(library)
  counts[ours.accepted ? 'accepted' : 'refused'] += 1
}

const name = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'a', 'b', 'aa', 'é', '1', '10'),
)
const memberName = fc
  .oneof(name, fc.string({ unit: 'binary', maxLength: 90 }), fc.string({ unit: 'grapheme', maxLength: 20 }))
  .filter((each) => each !== '__proto__')
const leaf = fc.oneof(
  name,
  fc.string({ unit: 'grapheme', minLength: 20, maxLength: 90 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 20, maxLength: 90 }),
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1)),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 200, maxLength: 300 }),
)

/** How an item is written: mostly as it should be, sometimes in another of the ways that CBOR has. */
interface Style {
  readonly wide: number
  readonly order: number
  readonly other: number
}
const style: fc.Arbitrary<Style> = fc.record({ wide: fc.nat(60), order: fc.nat(20), other: fc.nat(200) })

const headOf = (major: number, argument: number, { wide }: Style): number[] => {
  if (argument < 24 && wide < 57) return [(major << 5) | argument]
  const fitting = [1, 2, 4, 8].filter((width) => argument < 256 ** width)
  const width = fitting[wide < 57 ? 0 : wide % fitting.length] ?? 8
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(argument))
  return [(major << 5) | (24 + Math.log2(width)), ...bytes.subarray(8 - width)]
}

const textItem = (text: string, how: Style): Uint8Array => {
  const utf8 = Buffer.from(text)
  return Uint8Array.from([...headOf(3, utf8.length, how), ...utf8])
}

const OTHER = ['f7', 'f93c00', 'fb3ff8000000000000', 'c001', '9f01ff', '5f4101ff', '7f6161ff', 'bf616101ff']

const leafItem = (value: typeof leaf extends fc.Arbitrary<infer T> ? T : never, how: Style): number[] => {
  const other = OTHER[how.other]
  if (other !== undefined) return [...fromHex(other)]
  if (typeof value === 'number') return headOf(value < 0 ? 1 : 0, value < 0 ? -1 - value : value, how)
  if (typeof value === 'string') return [...textItem(value, how)]
  if (value instanceof Uint8Array) return [...headOf(2, value.length, how), ...value]
  return [...encodeCanonical(value)]
}

interface Member {
  readonly key: Uint8Array
  readonly value: readonly number[]
}

/** In order and each key once, most of the time: else hardly any map would be accepted. */
const mapItem = (members: readonly Member[], how: Style): number[] => {
  const sorted = how.order === 0 ? members : members.toSorted((a, b) => Buffer.compare(a.key, b.key))
  const kept = sorted.filter(({ key }, i) => {
    const before = sorted[i - 1]
    return how.order === 1 || before === undefined || Buffer.compare(before.key, key) !== 0
  })
  return [...headOf(5, kept.length, how), ...kept.flatMap(({ key, value }) => [...key, ...value])]
}

const { item } = fc.letrec<{ item: number[] }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.tuple(leaf, style).map(([value, how]) => leafItem(value, how)),
    fc
      .tuple(fc.array(tie('item'), { maxLength: 5 }), style)
      .map(([items, how]) => [...headOf(4, items.length, how), ...items.flat()]),
    fc.tuple(fc.array(fc.tuple(name, style, tie('item')), { maxLength: 6 }), style).map(([members, how]) =>
      mapItem(
        members.map(([key, keyHow, value]) => ({ key: textItem(key, keyHow), value })),
        how,
      ),
    ),
  ),
}))

const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    leaf,
    fc.constantFrom(5000, 9000).map((length) => new Uint8Array(length).fill(7)),
    fc.array(tie('value'), { maxLength: 6 }),
    fc
      .array(fc.tuple(memberName, fc.option(tie('value'), { nil: undefined })), { maxLength: 10 })
      .map((members) => Object.fromEntries(members)),
  ),
}))

const withoutUndefined = (each: CborValue | undefined): unknown => {
  if (Array.isArray(each)) return each.map(withoutUndefined)
  if (typeof each !== 'object' || each === null || each instanceof Uint8Array) return each
  const members = Object.entries(each).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([key, member]) => [key, withoutUndefined(member)]))
}

/** First bytes of items, the odd ones included. */
const HEADS = [...Array(256).keys()].filter((byte) => (byte & 31) >= 20 || (byte & 31) < 3)

const change = fc.record({
  kind: fc.constantFrom('flip', 'set', 'insert', 'delete', 'repeat', 'exchange', 'cut'),
  at: fc.nat(),
  by: fc.nat(),
})
const changed = (
  bytes: readonly number[],
  { kind, at, by }: { kind: string; at: number; by: number },
): number[] => {
  const i = bytes.length === 0 ? 0 : at % bytes.length
  const head = HEADS[by % HEADS.length] ?? 0
  const end = i + 1 + (by % 12)
  const before = bytes.slice(0, i)
  const span = bytes.slice(i, end)
  switch (kind) {
    case 'flip':
      return [...before, (bytes[i] ?? 0) ^ (1 << (by % 8)), ...bytes.slice(i + 1)]
    case 'set':
      return [...before, head, ...bytes.slice(i + 1)]
    case 'insert':
      return [...before, head, ...bytes.slice(i)]
    case 'delete':
      return [...before, ...bytes.slice(end)]
    case 'repeat':
      return [...before, ...span, ...bytes.slice(i)]
    case 'exchange':
      return [...before, ...bytes.slice(end, end + span.length), ...span, ...bytes.slice(end + span.length)]
    default:
      return before
  }
}

describe('canonical bytes against a library', () => {
  test('every way to write a value is accepted or refused alike, and means the same', () => {
    fc.assert(
      fc.property(item, (bytes) => compare(Uint8Array.from(bytes))),
      { numRuns: 4000 },
    )
  })

  test('so is everything near it', () => {
    fc.assert(
      fc.property(item, fc.array(change, { minLength: 1, maxLength: 3 }), (bytes, changes) =>
        compare(Uint8Array.from(changes.reduce(changed, bytes))),
      ),
      { numRuns: 8000 },
    )
  })

  test('so is anything short', () => {
    for (let a = 0; a < 256; a++) {
      compare(Uint8Array.of(a))
      for (let b = 0; b < 256; b++) {
        compare(Uint8Array.of(a, b))
        compare(Uint8Array.of(a, b, 0x61, 0x61))
        compare(Uint8Array.of(0xa2, 0x61, a, 0x01, 0x61, b, 0x02))
      }
    }
  })

  test('what is written is what the library writes', () => {
    fc.assert(
      fc.property(value, (each) => {
        const expected = encode(withoutUndefined(each), rfc8949EncodeOptions)
        expect(toHex(encodeCanonical(each))).toBe(toHex(expected))
      }),
      { numRuns: 2000 },
    )
  })

  test('both verdicts were seen often', () => {
    expect(counts.accepted).toBeGreaterThan(3000)
    expect(counts.refused).toBeGreaterThan(3000)
  })
})
