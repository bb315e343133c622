import { writeFile } from 'node:fs/promises'
import { openApiText } from './openapi.ts'

/** `node packages/local-api/src/write-openapi.ts`: renews docs/openapi.json. */
await writeFile(new URL('../../../docs/openapi.json', import.meta.url), openApiText())
