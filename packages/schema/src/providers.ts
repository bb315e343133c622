/** One field of a provider's credential. `env`: the name its SDKs read; null where none reads it. */
export interface ProviderField {
  readonly name: string
  readonly label: string
  readonly secret: boolean
  readonly env: string | null
  readonly placeholder: string
  /** What the provider's values look like today. A mismatch is a hint, never a refusal. */
  readonly pattern: RegExp | null
  readonly hint: string
  readonly optional: boolean
}

/** How a program sends the credential: a header whose value is `prefix` + the field; null where requests are signed instead. */
export interface ProviderAuth {
  readonly header: string
  readonly prefix: string
  readonly field: string
}

export interface Provider {
  readonly id: string
  readonly label: string
  readonly fields: readonly ProviderField[]
  readonly auth: ProviderAuth | null
  /** Where a person makes and revokes keys; null for custom. */
  readonly consoleUrl: string | null
  /** The API's base address; null where it is part of the credential or unknown. */
  readonly baseUrl: string | null
}

const field = (
  name: string,
  label: string,
  env: string | null,
  placeholder: string,
  pattern: RegExp | null,
  hint: string,
  more: { secret?: boolean; optional?: boolean } = {},
): ProviderField => ({
  name,
  label,
  secret: more.secret ?? true,
  env,
  placeholder,
  pattern,
  hint,
  optional: more.optional ?? false,
})

const bearer = (name: string): ProviderAuth => ({ header: 'Authorization', prefix: 'Bearer ', field: name })

/** The typed catalogue. Patterns are loose on purpose: providers change their formats without notice. */
export const PROVIDERS: readonly Provider[] = [
  {
    id: 'openai',
    label: 'OpenAI',
    fields: [
      field(
        'api_key',
        'API key',
        'OPENAI_API_KEY',
        'sk-proj-…',
        /^sk-[A-Za-z0-9_-]{20,}$/,
        'starts with “sk-”',
      ),
      field(
        'organization',
        'Organization',
        'OPENAI_ORG_ID',
        'org-…',
        /^org-[A-Za-z0-9]+$/,
        'starts with “org-”',
        {
          secret: false,
          optional: true,
        },
      ),
      field(
        'project',
        'Project',
        'OPENAI_PROJECT_ID',
        'proj_…',
        /^proj_[A-Za-z0-9]+$/,
        'starts with “proj_”',
        {
          secret: false,
          optional: true,
        },
      ),
    ],
    auth: bearer('api_key'),
    consoleUrl: 'https://platform.openai.com/api-keys',
    baseUrl: 'https://api.openai.com/v1',
  },
  {
    id: 'anthropic',
    label: 'Anthropic',
    fields: [
      field(
        'api_key',
        'API key',
        'ANTHROPIC_API_KEY',
        'sk-ant-api03-…',
        /^sk-ant-[A-Za-z0-9_-]{20,}$/,
        'starts with “sk-ant-”',
      ),
    ],
    auth: { header: 'x-api-key', prefix: '', field: 'api_key' },
    consoleUrl: 'https://console.anthropic.com/settings/keys',
    baseUrl: 'https://api.anthropic.com',
  },
  {
    id: 'azure-openai',
    label: 'Azure OpenAI',
    fields: [
      field(
        'endpoint',
        'Endpoint',
        'AZURE_OPENAI_ENDPOINT',
        'https://my-resource.openai.azure.com',
        /^https:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)+\/?$/i,
        'an https address of your resource',
        { secret: false },
      ),
      field(
        'deployment',
        'Deployment',
        'AZURE_OPENAI_DEPLOYMENT',
        'gpt-4o',
        null,
        'the name of the deployment',
        {
          secret: false,
        },
      ),
      field(
        'api_version',
        'API version',
        'OPENAI_API_VERSION',
        '2024-10-21',
        /^\d{4}-\d{2}-\d{2}(?:-preview)?$/,
        'a date, perhaps with “-preview”',
        { secret: false },
      ),
      field(
        'api_key',
        'API key',
        'AZURE_OPENAI_API_KEY',
        '32 or 84 characters',
        /^[A-Za-z0-9]{32,}$/,
        'letters and digits, 32 or more',
      ),
    ],
    auth: { header: 'api-key', prefix: '', field: 'api_key' },
    consoleUrl: 'https://portal.azure.com/#view/Microsoft_Azure_ProjectOxford/CognitiveServicesHub/~/OpenAI',
    baseUrl: null,
  },
  {
    id: 'aws-bedrock',
    label: 'AWS Bedrock',
    fields: [
      field(
        'access_key_id',
        'Access key ID',
        'AWS_ACCESS_KEY_ID',
        'AKIA…',
        /^A[KS]IA[A-Z0-9]{16}$/,
        '20 characters, starts with “AKIA” or “ASIA”',
        { secret: false },
      ),
      field(
        'secret_access_key',
        'Secret access key',
        'AWS_SECRET_ACCESS_KEY',
        '40 characters',
        /^[A-Za-z0-9/+=]{40}$/,
        '40 characters',
      ),
      field(
        'session_token',
        'Session token',
        'AWS_SESSION_TOKEN',
        'only with temporary keys',
        null,
        'only where the key starts with “ASIA”',
        { optional: true },
      ),
      field('region', 'Region', 'AWS_REGION', 'us-east-1', /^[a-z]{2}(?:-[a-z]+)+-\d$/, 'such as us-east-1', {
        secret: false,
      }),
    ],
    auth: null,
    consoleUrl: 'https://console.aws.amazon.com/iam/home#/security_credentials',
    baseUrl: null,
  },
  {
    id: 'google-gemini',
    label: 'Google Gemini',
    fields: [
      field(
        'api_key',
        'API key',
        'GEMINI_API_KEY',
        'AIza…',
        /^(?:AIza[A-Za-z0-9_-]{35}|AQ\.[A-Za-z0-9_-]{20,})$/,
        'starts with “AIza”, 39 characters',
      ),
    ],
    auth: { header: 'x-goog-api-key', prefix: '', field: 'api_key' },
    consoleUrl: 'https://aistudio.google.com/apikey',
    baseUrl: 'https://generativelanguage.googleapis.com',
  },
  {
    id: 'mistral',
    label: 'Mistral',
    fields: [
      field(
        'api_key',
        'API key',
        'MISTRAL_API_KEY',
        '32 characters',
        /^[A-Za-z0-9]{32}$/,
        '32 letters and digits',
      ),
    ],
    auth: bearer('api_key'),
    consoleUrl: 'https://console.mistral.ai/api-keys',
    baseUrl: 'https://api.mistral.ai/v1',
  },
  {
    id: 'groq',
    label: 'Groq',
    fields: [
      field('api_key', 'API key', 'GROQ_API_KEY', 'gsk_…', /^gsk_[A-Za-z0-9]{20,}$/, 'starts with “gsk_”'),
    ],
    auth: bearer('api_key'),
    consoleUrl: 'https://console.groq.com/keys',
    baseUrl: 'https://api.groq.com/openai/v1',
  },
  {
    id: 'xai',
    label: 'xAI',
    fields: [
      field('api_key', 'API key', 'XAI_API_KEY', 'xai-…', /^xai-[A-Za-z0-9]{20,}$/, 'starts with “xai-”'),
    ],
    auth: bearer('api_key'),
    consoleUrl: 'https://console.x.ai/',
    baseUrl: 'https://api.x.ai/v1',
  },
  {
    id: 'openrouter',
    label: 'OpenRouter',
    fields: [
      field(
        'api_key',
        'API key',
        'OPENROUTER_API_KEY',
        'sk-or-v1-…',
        /^sk-or-[A-Za-z0-9-]{20,}$/,
        'starts with “sk-or-”',
      ),
    ],
    auth: bearer('api_key'),
    consoleUrl: 'https://openrouter.ai/settings/keys',
    baseUrl: 'https://openrouter.ai/api/v1',
  },
  {
    id: 'cohere',
    label: 'Cohere',
    fields: [
      field(
        'api_key',
        'API key',
        'CO_API_KEY',
        '40 characters',
        /^[A-Za-z0-9]{40}$/,
        '40 letters and digits',
      ),
    ],
    auth: bearer('api_key'),
    consoleUrl: 'https://dashboard.cohere.com/api-keys',
    baseUrl: 'https://api.cohere.com',
  },
  {
    id: 'deepseek',
    label: 'DeepSeek',
    fields: [
      field('api_key', 'API key', 'DEEPSEEK_API_KEY', 'sk-…', /^sk-[A-Za-z0-9]{20,}$/, 'starts with “sk-”'),
    ],
    auth: bearer('api_key'),
    consoleUrl: 'https://platform.deepseek.com/api_keys',
    baseUrl: 'https://api.deepseek.com',
  },
  {
    id: 'hugging-face',
    label: 'Hugging Face',
    fields: [
      field('token', 'Access token', 'HF_TOKEN', 'hf_…', /^hf_[A-Za-z0-9]{20,}$/, 'starts with “hf_”'),
    ],
    auth: bearer('token'),
    consoleUrl: 'https://huggingface.co/settings/tokens',
    baseUrl: 'https://router.huggingface.co/v1',
  },
  {
    id: 'custom',
    label: 'Custom',
    fields: [
      field('api_key', 'Secret', 'API_KEY', '', null, 'anything'),
      field(
        'base_url',
        'Base address',
        'BASE_URL',
        'https://…',
        /^https?:\/\/\S+$/,
        'an http or https address',
        {
          secret: false,
          optional: true,
        },
      ),
    ],
    auth: bearer('api_key'),
    consoleUrl: null,
    baseUrl: null,
  },
]

const byId = new Map(PROVIDERS.map((provider) => [provider.id, provider]))

export const findProvider = (id: string): Provider | undefined => byId.get(id)

/** Field of a provider by name; a name the catalogue does not know is shown as it is and taken for a secret. */
export const describeField = (provider: string, name: string): { label: string; secret: boolean } => {
  const known = findProvider(provider)?.fields.find((each) => each.name === name)
  return known === undefined
    ? { label: name.replaceAll('_', ' '), secret: true }
    : { label: known.label, secret: known.secret }
}

/** A friendly remark about one field's value, or null if it looks right. Advice only: providers change their formats. */
export const checkFormat = (provider: string, name: string, value: string): string | null => {
  const known = findProvider(provider)?.fields.find((each) => each.name === name)
  if (known === undefined) return null
  if (value === '') return known.optional ? null : `${known.label} is empty.`
  if (value !== value.trim()) return `${known.label} begins or ends with a space; was it copied whole?`
  if (known.pattern === null || known.pattern.test(value)) return null
  const other = PROVIDERS.find(
    (each) => each.id !== provider && each.id !== 'custom' && isDistinctive(each, value),
  )
  const looksLike = other === undefined ? '' : ` It looks like a key of ${other.label}.`
  return `This does not look like the usual ${known.label} (${known.hint}).${looksLike}`
}

/** Only patterns with a literal prefix say whose key it is. */
const isDistinctive = (provider: Provider, value: string): boolean =>
  provider.fields.some(
    (each) => each.secret && /^\^[a-z]+[-_]/i.test(each.pattern?.source ?? '') && each.pattern?.test(value),
  )

/** The variables that a program's environment gets for an item: env name → field name. */
export const environmentOf = (provider: string, fields: readonly string[]): Record<string, string> => {
  const out: Record<string, string> = {}
  for (const name of fields) {
    const env = findProvider(provider)?.fields.find((each) => each.name === name)?.env
    if (env != null) out[env] = name
  }
  return out
}
