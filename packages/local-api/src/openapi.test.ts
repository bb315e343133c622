import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openApiDocument, openApiText } from './openapi.ts'
import { ROUTE_LIST } from './routes/table.ts'

test('P23 docs/openapi.json is what the schemas say: node packages/local-api/src/write-openapi.ts renews it', async () => {
  const committed = await readFile(new URL('../../../docs/openapi.json', import.meta.url), 'utf8')
  expect(committed).toBe(openApiText())
})

test('P23 the document describes exactly the calls that are served', () => {
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(openApiDocument())
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const served = ROUTE_LIST.map(([method, path]) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  expect(described.sort()).toEqual(served.sort())
})

test('P23 every reference in the document leads somewhere', () => {
  const text = openApiText()
  const { components } = z
    .object({ components: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(openApiDocument())
  for (const [, kind = '', name = ''] of text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
    expect(Object.keys(components[kind] ?? {})).toContain(name)
  }
  expect(text).not.toContain('#/$defs')
})
