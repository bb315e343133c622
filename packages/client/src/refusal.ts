/** An expected "no": a stable code, what happened, and what to do about it. Never a secret. */
export interface Refusal {
  readonly ok: false
  readonly code: string
  readonly message: string
  readonly fix: string
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal

export const refuse = (code: string, message: string, fix: string): Refusal => ({
  ok: false,
  code,
  message,
  fix,
})

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })
