import { idSchema } from '@countersign/schema/ids'
import { z } from 'zod'
import { callError } from './call-error.ts'

/** What windows display of work that goes on in the core: exports and imports. */

/** An export on its way to a file, or the last one. */
export const exportView = z.strictObject({
  kind: z.enum(['audit', 'evidence']),
  state: z.enum(['choosing', 'running', 'done', 'cancelled', 'failed']),
  /** Chosen by the person in the system's dialog. */
  path: z.string().nullable(),
  /** Entries written, of how many. */
  done: z.number(),
  total: z.number(),
  bytes: z.number(),
  error: callError.nullable(),
})
export type ExportView = z.infer<typeof exportView>

/** One credential that a file's variables could become; its values stay in the core. */
export const importRow = z.strictObject({
  row: z.number(),
  name: z.string(),
  provider: z.string(),
  variables: z.array(z.strictObject({ variable: z.string(), line: z.number(), field: z.string() })),
  remarks: z.array(z.string()),
  /** Whether its variables are those of a provider in the catalogue. */
  known: z.boolean(),
  result: z
    .discriminatedUnion('ok', [
      z.strictObject({ ok: z.literal(true), item: z.string() }),
      z.strictObject({ ok: z.literal(false), error: callError }),
    ])
    .nullable(),
})
export type ImportRow = z.infer<typeof importRow>

/** An import under way, or the last one. */
export const importView = z.strictObject({
  /** Which import this is: what a window asks of one is not done to the next. */
  id: idSchema,
  state: z.enum(['choosing', 'ready', 'running', 'done', 'cancelled', 'failed']),
  /** The file's name, without its folder. */
  file: z.string().nullable(),
  /** Where the credentials go; null before that is said. */
  environment: idSchema.nullable(),
  rows: z.array(importRow),
  skipped: z.array(
    z.strictObject({
      variable: z.string(),
      line: z.number(),
      why: z.enum(['empty', 'reference', 'elsewhere', 'too-long', 'overwritten', 'no-secret']),
    }),
  ),
  /** Credentials tried, of how many. */
  done: z.number(),
  total: z.number(),
  /** Why the file was refused, or why the rest of it was not added. */
  error: callError.nullable(),
})
export type ImportView = z.infer<typeof importView>
