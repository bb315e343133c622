import { describe, expect, it } from 'vitest'
import { parseEnvFile, readEnvLines } from './env-file.ts'

const variablesOf = (text: string): Record<string, string> => {
  const parsed = parseEnvFile(text)
  if (!parsed.ok) throw new Error(`line ${parsed.line}`)
  return parsed.variables
}

describe('an env file', () => {
  it('gives plain, quoted and exported values as they stand', () => {
    const text = '\ufeffA=1\r\n# note\n\nexport B="x y" # note\nC=\'$HOME\'\nD=a#b\nE=a #b\nF=\n'
    expect(variablesOf(text)).toEqual({ A: '1', B: 'x y', C: '$HOME', D: 'a#b', E: 'a', F: '' })
  })

  it('gives every line with its number, also of two with one name', () => {
    expect(readEnvLines('A=1\n\n# note\nA=2')).toEqual({
      ok: true,
      lines: [
        { line: 1, name: 'A', value: '1' },
        { line: 4, name: 'A', value: '2' },
      ],
    })
  })

  it('takes no longer for a line of a million spaces than for one of letters', () => {
    const gap = ' '.repeat(1_000_000)
    expect(variablesOf(`A=x${gap}y\nB=x${gap}#`)).toEqual({ A: `x${gap}y`, B: 'x' })
    expect(parseEnvFile(`export${gap}A`)).toEqual({ ok: false, line: 1 })
    expect(parseEnvFile(`A${gap}B`)).toEqual({ ok: false, line: 1 })
  })

  it('takes the last of two lines with one name', () => {
    expect(variablesOf('A=1\nA=2')).toEqual({ A: '2' })
  })

  it('drops no variable, whatever it is called, and changes no prototype', () => {
    const variables = variablesOf('__proto__=1\nconstructor=2')
    expect(Object.entries(variables)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
    expect(Object.entries({ ...variables })).toHaveLength(2)
    expect(Object.getPrototypeOf(variables)).toBe(Object.prototype)
  })

  it.each(['A', '=1', '1A=1', 'A B=1', 'A="x', 'A="x" y', 'A-B=1'])('says which line %s is', (line) => {
    expect(parseEnvFile(`OK=1\n${line}`)).toEqual({ ok: false, line: 2 })
  })
})
