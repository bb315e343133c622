import { describe, expect, it } from 'vitest'
import { openingInWindow, sealForWindow } from './shown-value.ts'

describe('a value on its way to the window that shows it', () => {
  it('T41 opens in the window that asked, and reads nowhere on the way', async () => {
    const window = await openingInWindow()
    const sealed = await sealForWindow(window.to, 'sk-proj-ä-made-up')
    expect(Buffer.from(sealed.bytes).includes('sk-proj')).toBe(false)
    expect(await window.open(sealed)).toBe('sk-proj-ä-made-up')
  })

  it('T41 opens in no other window, nor changed, nor under another key of the core', async () => {
    const window = await openingInWindow()
    const sealed = await sealForWindow(window.to, 'made up')
    const another = await sealForWindow(window.to, 'made up')
    await expect((await openingInWindow()).open(sealed)).rejects.toThrow()
    await expect(window.open({ ...sealed, key: another.key })).rejects.toThrow()
    const bytes = Uint8Array.from(sealed.bytes)
    bytes[0] = (bytes[0] ?? 0) ^ 1
    await expect(window.open({ ...sealed, bytes })).rejects.toThrow()
  })

  it('T41 what is no public key is refused', async () => {
    await expect(sealForWindow(new Uint8Array(65), 'made up')).rejects.toThrow()
  })
})
