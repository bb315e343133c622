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

  it.each([
    ['spaces before a letter', (gap: string) => `A=x${gap}y`],
    ['spaces before a comment', (gap: string) => `A=x${gap}#`],
    ['spaces before a hidden break', (gap: string) => `A=${gap}x\u2028x`],
    ['spaces after export', (gap: string) => `export${gap}A`],
    ['spaces in a name', (gap: string) => `A${gap}B`],
    ['spaces after a quote', (gap: string) => `A=""${gap}x`],
    ['lines in a quote that never ends', (gap: string) => `A="${gap.replaceAll(' ', '\n')}`],
    ['many quotes', (gap: string) => gap.replaceAll(' ', "A=''\n")],
    ['backslashes', (gap: string) => `A="${gap.replaceAll(' ', '\\')}`],
  ])('reads a million %s in one go', (_what, write) => {
    // In quadratic time it would take the better part of an hour.
    expect(readEnvLines(write(' '.repeat(1_000_000)))).toHaveProperty('ok')
  })

  it('is empty where only a comment follows, and keeps a hash that begins a value', () => {
    expect(variablesOf('A= # comment\nB=#x\nC=')).toEqual({ A: '', B: '#x', C: '' })
  })

  it('undoes escapes in double quotes only, and never expands', () => {
    const text = [String.raw`A="a\b \"c\" \\ \n \$X"`, String.raw`B='a\nb'`, String.raw`C=a\nb`].join('\n')
    expect(variablesOf(text)).toEqual({
      A: 'a\\b "c" \\ \n $X',
      B: 'a\\nb',
      C: 'a\\nb',
    })
  })

  it('goes on over several lines in quotes, and counts the next ones right', () => {
    const text = 'KEY="-----BEGIN-----  \r\nabc=\r\n-----END-----" # note\nB=\'1\n2\'\nC=`"\'`\nbroken'
    expect(readEnvLines(text)).toEqual({ ok: false, line: 7 })
    expect(readEnvLines(text.replace('\nbroken', ''))).toEqual({
      ok: true,
      lines: [
        { line: 1, name: 'KEY', value: '-----BEGIN-----  \nabc=\n-----END-----' },
        { line: 4, name: 'B', value: '1\n2' },
        { line: 6, name: 'C', value: '"\'' },
      ],
    })
  })

  it('reads what other tools write', () => {
    expect(variablesOf("export -- A='1'\nexport B=2\nC = 3")).toEqual({ A: '1', B: '2', C: '3' })
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

  it.each(['A', '=1', '1A=1', 'A B=1', 'A="x', 'A="x" y', 'A="x"#y', 'A-B=1', 'A=1\r2'])(
    'says which line %s is',
    (line) => {
      expect(parseEnvFile(`OK=1\n${line}`)).toEqual({ ok: false, line: 2 })
    },
  )
})
