import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

const refusal = (args: string[], environment: Record<string, string>): string => {
  try {
    readConfig(args, environment)
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.message
    throw cause
  }
  return ''
}

describe('config', () => {
  test('nothing set: loopback, no token, no quota', () => {
    expect(readConfig([], {})).toMatchObject({
      host: '127.0.0.1',
      port: 8722,
      maxDataBytes: null,
      setupToken: null,
      logLevel: 'info',
      printSetupToken: false,
    })
  })

  test('flags win over the environment', () => {
    const config = readConfig(['--port', '0', '--data', '/srv/a.db', '--print-setup-token'], {
      COUNTERSIGN_PORT: '99',
      COUNTERSIGN_DATA: '/srv/b.db',
    })
    expect(config).toMatchObject({ port: 0, dataFile: '/srv/a.db', printSetupToken: true })
    expect(readConfig(['--help'], {})).toBe('help')
  })

  test('every wrong setting is named at once, and no value is repeated', () => {
    const message = refusal([], {
      COUNTERSIGN_PORT: '12x',
      COUNTERSIGN_SETUP_TOKEN: 'guessable',
      COUNTERSIGN_LOG_LEVEL: 'chatty',
      COUNTERSIGN_MAX_DATA_BYTES: '12',
      COUNTERSIGN_DATA: '',
    })
    for (const name of ['PORT', 'SETUP_TOKEN', 'LOG_LEVEL', 'MAX_DATA_BYTES', 'DATA']) {
      expect(message).toContain(`COUNTERSIGN_${name}`)
    }
    for (const value of ['12x', 'guessable', 'chatty']) expect(message).not.toContain(value)
  })

  test('a flag that does not exist is refused, so that no secret gets into the arguments', () => {
    expect(refusal(['--setup-token', 'x'], {})).toContain('unknown flag')
    expect(refusal(['stray'], {})).toContain('unknown flag')
  })
})
