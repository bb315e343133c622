import { DatabaseSync } from 'node:sqlite'
import { decodeEntry, type Envelope } from '@countersign/schema/entry'

export interface StoredEntry {
  readonly envelope: Envelope
  /** As it is stored and sent. */
  readonly bytes: Uint8Array
}

/** Every entry that a sync server keeps in its database, as its owner can read it. */
export const serverEntries = (databaseFile: string): StoredEntry[] => {
  const database = new DatabaseSync(databaseFile, { readOnly: true })
  try {
    return database
      .prepare('SELECT bytes FROM entries ORDER BY stream, seq')
      .all()
      .map(({ bytes }) => {
        if (!(bytes instanceof Uint8Array)) throw new Error('an entry is no bytes')
        return { envelope: decodeEntry(bytes).envelope, bytes }
      })
  } finally {
    database.close()
  }
}
