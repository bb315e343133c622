import { describe, expect, it } from 'vitest'
import { openingText, sealText } from './sealed-text.ts'

describe('a value on its way between the core and a window', () => {
  it('T41 opens in the window that asked, and reads nowhere on the way', async () => {
    const window = await openingText('shown-value')
    const sealed = await sealText('shown-value', window.to, 'sk-proj-ä-made-up')
    expect(Buffer.from(sealed.bytes).includes('sk-proj')).toBe(false)
    expect(await window.open(sealed)).toBe('sk-proj-ä-made-up')
  })

  it('T41 opens in no other window, nor changed, nor under another key of the core', async () => {
    const window = await openingText('shown-value')
    const sealed = await sealText('shown-value', window.to, 'made up')
    const another = await sealText('shown-value', window.to, 'made up')
    await expect((await openingText('shown-value')).open(sealed)).rejects.toThrow()
    await expect(window.open({ ...sealed, key: another.key })).rejects.toThrow()
    const bytes = Uint8Array.from(sealed.bytes)
    bytes[0] = (bytes[0] ?? 0) ^ 1
    await expect(window.open({ ...sealed, bytes })).rejects.toThrow()
  })

  it('T41 what was sealed to be shown does not open as something typed', async () => {
    const core = await openingText('typed-value')
    expect(await core.open(await sealText('typed-value', core.to, 'made up'))).toBe('made up')
    await expect(core.open(await sealText('shown-value', core.to, 'made up'))).rejects.toThrow()
  })

  it('T41 what is no public key is refused', async () => {
    await expect(sealText('shown-value', new Uint8Array(65), 'made up')).rejects.toThrow()
  })
})
