import { z } from 'zod'

/** A refusal of any call: a stable code, what happened, what to do. Never a secret. */
export const callError = z.strictObject({ code: z.string(), message: z.string(), fix: z.string() })
export type CallError = z.infer<typeof callError>
