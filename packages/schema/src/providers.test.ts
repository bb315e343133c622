import { describe, expect, it } from 'vitest'
import { itemMetaSchema } from './item.ts'
import { checkFormat, describeField, environmentOf, findProvider, PROVIDERS } from './providers.ts'

describe('provider catalogue', () => {
  it('names fields as items may carry them, each provider once', () => {
    expect(new Set(PROVIDERS.map((each) => each.id)).size).toBe(PROVIDERS.length)
    for (const provider of PROVIDERS) {
      const fields = provider.fields.map((each) => each.name)
      const meta = {
        name: 'x',
        provider: provider.id,
        fields,
        note: '',
        models: [],
        valueHash: new Uint8Array(32),
      }
      expect(itemMetaSchema.safeParse(meta).success, provider.id).toBe(true)
      if (provider.auth !== null) expect(fields).toContain(provider.auth.field)
      if (provider.consoleUrl !== null) expect(new URL(provider.consoleUrl).protocol).toBe('https:')
    }
  })

  it('has every provider that people are offered, each with variables, a header or a signature, and its console', () => {
    expect(PROVIDERS.map(({ label }) => label)).toEqual([
      'OpenAI',
      'Anthropic',
      'Azure OpenAI',
      'AWS Bedrock',
      'Google Gemini',
      'Mistral',
      'Groq',
      'xAI',
      'OpenRouter',
      'Cohere',
      'DeepSeek',
      'Hugging Face',
      'Custom',
    ])
    for (const { id, fields, auth, consoleUrl } of PROVIDERS) {
      expect(
        fields.filter(({ secret }) => secret).every(({ env }) => env !== null),
        id,
      ).toBe(true)
      expect(
        fields.some(({ secret, optional }) => secret && !optional),
        id,
      ).toBe(true)
      // Bedrock's requests are signed; a custom one has no console.
      expect(auth !== null, id).toBe(id !== 'aws-bedrock')
      expect(consoleUrl !== null, id).toBe(id !== 'custom')
    }
  })

  it('a key of another provider is named, never blocked', () => {
    expect(checkFormat('openai', 'api_key', `gsk_${'a'.repeat(40)}`)).toContain('Groq')
    expect(checkFormat('openai', 'api_key', 'whatever')).toContain('the usual API key')
    expect(checkFormat('openai', 'api_key', `sk-proj-${'a'.repeat(40)}`)).toBeNull()
    expect(checkFormat('anthropic', 'api_key', ` sk-ant-${'a'.repeat(40)}`)).toContain('space')
    expect(checkFormat('custom', 'api_key', 'whatever')).toBeNull()
    expect(checkFormat('openai', 'organization', '')).toBeNull()
    expect(checkFormat('openai', 'api_key', '')).toContain('empty')
  })

  it('an unknown field is a secret', () => {
    expect(describeField('openai', 'made_up')).toEqual({ label: 'made up', secret: true })
    expect(describeField('azure-openai', 'endpoint').secret).toBe(false)
  })

  it('variables follow the fields that are there', () => {
    expect(environmentOf('aws-bedrock', ['access_key_id', 'region'])).toEqual({
      AWS_ACCESS_KEY_ID: 'access_key_id',
      AWS_REGION: 'region',
    })
    expect(findProvider('nobody')).toBeUndefined()
  })
})
