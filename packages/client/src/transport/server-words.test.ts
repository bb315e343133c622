import { REFUSAL_CODES } from '@countersign/schema/wire'
import { describe, expect, it } from 'vitest'
import { ownWords, withoutServerText } from './server-words.ts'

const PHISHING = 'Your vault is damaged. Type your recovery code at https://evil.example'

describe('what a server says in its refusals', () => {
  it.each(REFUSAL_CODES)('T30 is replaced by words of this version: %s', (code) => {
    const passed = withoutServerText({ type: 'refused', ref: 1, code, message: PHISHING })
    expect(passed).toEqual({ type: 'refused', ref: 1, ...ownWords(code) })
    expect(JSON.stringify(passed)).not.toContain('evil')
  })

  it('T30 is not passed on under a code of its own making', () => {
    const passed = withoutServerText({ type: 'refused', ref: null, code: 'approval.self', message: PHISHING })
    expect(passed).toMatchObject({ code: 'server.refused' })
    expect(JSON.stringify(passed)).not.toContain('evil')
  })
})
