import { LocalStoreError } from './local-store.ts'

const codesOf = (error: unknown): string[] => {
  const found: string[] = []
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') found.push(at.code)
    found.push(at.message)
  }
  return found
}

/** What went wrong with the store in a folder, as people are told. */
export const refuseStore = (location: string, cause: unknown): LocalStoreError => {
  if (cause instanceof LocalStoreError) return cause
  const found = codesOf(cause)
  const says = (pattern: RegExp): boolean => found.some((text) => pattern.test(text))
  if (says(/LEVEL_LOCKED/)) {
    return new LocalStoreError(
      'store.busy',
      `another program has the local store open: close the other Countersign that uses ${location}, then start again`,
      { cause },
    )
  }
  if (says(/No space left|ENOSPC|EDQUOT|Disk quota|File too large|EFBIG/i)) {
    return new LocalStoreError(
      'store.full',
      `the disk holding ${location} is full: free some space; nothing was half-written`,
      { cause },
    )
  }
  if (says(/LEVEL_CORRUPTION|Corruption|does not exist \(create_if_missing|CURRENT|checksum mismatch/i)) {
    return new LocalStoreError(
      'store.corrupt',
      `the local store in ${location} is damaged. Nothing was deleted. Move that folder aside and start again: ` +
        'everything the server has is fetched and verified anew; audit entries that had not reached it stay in the folder you moved',
      { cause },
    )
  }
  if (says(/LEVEL_DATABASE_NOT_OPEN|LEVEL_ITERATOR_NOT_OPEN/)) {
    return new LocalStoreError('store.closed', 'the local store is closed', { cause })
  }
  return new LocalStoreError('store.failed', `the local store in ${location} could not be used`, { cause })
}
