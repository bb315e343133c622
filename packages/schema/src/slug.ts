/** Item, vault and environment names as they stand in references: no slash, question mark or hash. No schema, so that windows can use it. */
export const SLUG = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/
export const SLUG_LENGTH = 100
export const SLUG_RULE = 'use lower-case letters, digits, dots, dashes and underscores'

export const isSlug = (text: string): boolean => text.length <= SLUG_LENGTH && SLUG.test(text)

/** What is wrong with a name, for whoever types it; undefined where nothing is. */
export const slugProblem = (name: string): string | undefined => {
  if (name.length > SLUG_LENGTH) return `At most ${SLUG_LENGTH} characters.`
  if (name === '' || isSlug(name)) return undefined
  if (/^[._-]|[._-]$/.test(name)) return 'It begins and ends with a letter or a digit.'
  return 'Use lower-case letters, digits, dots, dashes and underscores.'
}
