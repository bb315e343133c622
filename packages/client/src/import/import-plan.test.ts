import { readEnvLines } from '@countersign/schema/env-file'
import { isSlug } from '@countersign/schema/slug'
import { describe, expect, it } from 'vitest'
import { planImport } from './import-plan.ts'

const planOf = (text: string) => {
  const read = readEnvLines(text)
  if (!read.ok) throw new Error(`line ${read.line}`)
  return planImport(read.lines)
}
const OPENAI = `sk-proj-${'a1'.repeat(20)}`

describe('what an env file’s variables become', () => {
  it('puts the variables of one provider into one credential, in whatever order they stand', () => {
    const { candidates, skipped } = planOf(
      `AWS_REGION=us-east-1\nOPENAI_API_KEY=${OPENAI}\nAWS_SECRET_ACCESS_KEY=${'s'.repeat(40)}\nAWS_ACCESS_KEY_ID=AKIA${'A'.repeat(16)}`,
    )
    expect(candidates).toEqual([
      {
        name: 'aws-bedrock',
        provider: 'aws-bedrock',
        variables: [
          { variable: 'AWS_REGION', line: 1, field: 'region' },
          { variable: 'AWS_SECRET_ACCESS_KEY', line: 3, field: 'secret_access_key' },
          { variable: 'AWS_ACCESS_KEY_ID', line: 4, field: 'access_key_id' },
        ],
        value: {
          region: 'us-east-1',
          secret_access_key: 's'.repeat(40),
          access_key_id: `AKIA${'A'.repeat(16)}`,
        },
        remarks: [],
        known: true,
      },
      {
        name: 'openai',
        provider: 'openai',
        variables: [{ variable: 'OPENAI_API_KEY', line: 2, field: 'api_key' }],
        value: { api_key: OPENAI },
        remarks: [],
        known: true,
      },
    ])
    expect(skipped).toEqual([])
  })

  it('keeps those with different prefixes apart, and knows Azure’s key from OpenAI’s', () => {
    const { candidates } = planOf(
      `OPENAI_API_KEY=${OPENAI}\nPROD_OPENAI_API_KEY=${OPENAI}\nAZURE_OPENAI_API_KEY=${'a'.repeat(32)}`,
    )
    expect(candidates.map(({ name, provider }) => [name, provider])).toEqual([
      ['openai', 'openai'],
      ['openai-prod', 'openai'],
      ['azure-openai', 'azure-openai'],
    ])
    expect(candidates[2]?.remarks).toEqual(['Not in the file: Endpoint, Deployment, API version.'])
  })

  it('knows what is added behind a name if the value looks it, and the names that frameworks use', () => {
    const { candidates } = planOf(
      [
        `OPENAI_API_KEY_2=${OPENAI}`,
        'OPENAI_API_KEY_FILE=/run/secrets/openai',
        `AZURE_OPENAI_API_KEY=${'a'.repeat(32)}`,
        'AZURE_OPENAI_API_VERSION=2024-10-21',
        'AWS_DEFAULT_REGION=us-east-1',
        `AWS_SECRET_ACCESS_KEY=${'s'.repeat(40)}`,
        'COHERE_API_KEY=1',
        'ACME_CO_API_KEY=2',
      ].join('\n'),
    )
    expect(candidates.map(({ name, provider, value }) => [name, provider, Object.keys(value)])).toEqual([
      ['openai-2', 'openai', ['api_key']],
      ['openai-api-key-file', 'custom', ['api_key']],
      ['azure-openai', 'azure-openai', ['api_key', 'api_version']],
      ['aws-bedrock', 'aws-bedrock', ['region', 'secret_access_key']],
      ['cohere', 'cohere', ['api_key']],
      ['acme-co', 'custom', ['api_key']],
    ])
  })

  it('makes two of two values for one field, and one of the same value twice', () => {
    const { candidates } = planOf(
      `OPENAI_API_KEY=${OPENAI}\n_OPENAI_API_KEY=sk-old\nGEMINI_API_KEY=a\nGOOGLE_API_KEY=b\nHF_TOKEN=c\nHUGGING_FACE_HUB_TOKEN=c`,
    )
    expect(
      candidates.map(({ name, value, variables }) => [name, Object.values(value), variables.length]),
    ).toEqual([
      ['openai', [OPENAI], 1],
      ['openai-2', ['sk-old'], 1],
      ['google-gemini', ['a'], 1],
      ['google-gemini-2', ['b'], 1],
      ['hugging-face', ['c'], 2],
    ])
  })

  it('gives every name room in a reference', () => {
    const { candidates } = planOf(`${'LONG_'.repeat(38)}GEMINI_API_KEY=1\n${'LONG_'.repeat(39)}KEY=2`)
    for (const { name } of candidates) expect(isSlug(name)).toBe(true)
    expect(candidates).toHaveLength(2)
  })

  it('takes other secrets by their names as custom, and gives no name twice', () => {
    const { candidates } = planOf('MY_SERVICE_API_KEY=1\nMY_SERVICE_TOKEN=2\n_KEY=3\n__SECRET=4')
    expect(candidates.map(({ name, provider, known }) => [name, provider, known])).toEqual([
      ['my-service', 'custom', false],
      ['my-service-2', 'custom', false],
      ['custom', 'custom', false],
      ['custom-2', 'custom', false],
    ])
  })

  it('says of every other variable why nothing is made of it', () => {
    const { candidates, skipped } = planOf(
      [
        'OPENAI_API_KEY=old',
        `OPENAI_API_KEY=${OPENAI}`,
        'GROQ_API_KEY=',
        'XAI_API_KEY=cs://llm/production/xai/api_key',
        `CO_API_KEY=${'x'.repeat(16_385)}`,
        'LOG_LEVEL=debug',
        'MISTRAL_ORG=org',
        'DEV_AWS_REGION=us-east-1',
        'HF_TOKEN=op://vault/hf/token',
        'PROD_OPENAI_API_KEY=$OPENAI_API_KEY',
      ].join('\n'),
    )
    expect(candidates.map(({ value }) => value)).toEqual([{ api_key: OPENAI }])
    expect(skipped.map(({ line, why }) => [line, why])).toEqual([
      [1, 'overwritten'],
      [3, 'empty'],
      [4, 'reference'],
      [5, 'too-long'],
      [6, 'no-secret'],
      [7, 'no-secret'],
      [8, 'no-secret'],
      [9, 'elsewhere'],
      [10, 'elsewhere'],
    ])
  })

  it('remarks on a value that looks like another provider’s, without quoting it', () => {
    const [candidate] = planOf('GROQ_API_KEY=hf_abcdefghijklmnopqrstuvwxyz').candidates
    expect(candidate?.remarks).toEqual([
      'This does not look like the usual API key (starts with “gsk_”). It looks like a key of Hugging Face.',
    ])
  })

  it('leaves a formula as the text it is', () => {
    const [candidate] = planOf('API_KEY="=HYPERLINK(1)"').candidates
    expect(candidate?.value).toEqual({ api_key: '=HYPERLINK(1)' })
  })
})
