import { decode, type Value } from './cbor.ts'
import { FormatError } from './format-error.ts'

const ID = /^[0-9a-f]{32}$/

/** The members of a map, each asked for by name and kind; throws FormatError where one is missing or of another kind. */
export class Fields {
  readonly map: ReadonlyMap<string, Value>

  constructor(value: Value | undefined) {
    if (!(value instanceof Map)) throw new FormatError('not a map')
    this.map = value
  }

  static of(bytes: Uint8Array): Fields {
    return new Fields(decode(bytes))
  }

  /** Refuses members that the format does not know: nothing in a file may go unchecked. */
  only(...names: readonly string[]): this {
    for (const name of this.map.keys()) {
      if (!names.includes(name))
        throw new FormatError(`an unknown member ${JSON.stringify(name.slice(0, 40))}`)
    }
    return this
  }

  has(name: string): boolean {
    return (this.map.get(name) ?? null) !== null
  }

  value(name: string): Value {
    const value = this.map.get(name)
    if (value === undefined) throw new FormatError(`${name} is missing`)
    return value
  }

  text(name: string): string {
    const value = this.value(name)
    if (typeof value !== 'string') throw new FormatError(`${name} is not text`)
    return value
  }

  id(name: string): string {
    const value = this.text(name)
    if (!ID.test(value)) throw new FormatError(`${name} is not an id`)
    return value
  }

  whole(name: string): number {
    const value = this.value(name)
    if (typeof value !== 'number' || value < 0) throw new FormatError(`${name} is not a whole number`)
    return value
  }

  bytes(name: string, length?: number): Uint8Array {
    const value = this.value(name)
    if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) {
      throw new FormatError(`${name} is not ${length ?? 'some'} bytes`)
    }
    return value
  }

  list(name: string): readonly Value[] {
    const value = this.value(name)
    if (!Array.isArray(value)) throw new FormatError(`${name} is not a list`)
    return value
  }

  fields(name: string): Fields {
    return new Fields(this.value(name))
  }
}

/** Where a stream stands: the number of its last entry and that entry's hash. */
export interface Head {
  readonly seq: number
  readonly hash: Uint8Array
}

export const headOf = (fields: Fields): Head => {
  fields.only('seq', 'hash')
  return { seq: fields.whole('seq'), hash: fields.bytes('hash', 32) }
}

const STREAM = /^(?:ledger|[ca]\/[0-9a-f]{32})$/
export const streamOf = (name: string): string => {
  if (!STREAM.test(name)) throw new FormatError('not the name of a stream')
  return name
}
