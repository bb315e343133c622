/** One check taken out of the shipped code: a file, what stands there, what stands there instead. */
export interface Mutation {
  /** End of the file's path. */
  readonly file: string
  readonly from: string
  readonly to: string
  /** What the rule protects, in words. */
  readonly weakens: string
}

/** Weakened products: each must be caught by the simulation, or it guards nothing. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'ack-before-durable': {
    file: 'apps/sync-server/src/core/append-queue.ts',
    from: '    let outcomes: readonly LogOutcome[]\n    try {',
    to: '    let outcomes: readonly LogOutcome[]\n    for (const { append } of candidates) append.reply(appended(append.batch))\n    try {',
    weakens: 'an append is acknowledged only when it is durable',
  },
  'no-revocation': {
    file: 'packages/ledger/src/quorum.ts',
    from: "    if (record.grant.revoked !== null) return 'revoked'\n",
    to: '',
    weakens: 'a revoked grant is not a standing one',
  },
  'no-quorum': {
    file: 'packages/ledger/src/quorum.ts',
    from: '    return ways.some((way) => way.satisfied)',
    to: '    return ways.length > 0',
    weakens: 'a grant needs the approvals of its policy',
  },
  'intent-forgotten': {
    file: 'packages/client/src/replica/intents.ts',
    from: "      if (outcome.state === 'wait') break\n",
    to: "      if (outcome.state === 'wait') { await this.drop(intent.id); break }\n",
    weakens: 'an offline change waits until it has landed',
  },
  'intent-new-id': {
    file: 'packages/client/src/items/item-entries.ts',
    from: "  drafts.push(itemDraft(environment, { type: 'item.put', plain: put }, id))",
    to: "  drafts.push(itemDraft(environment, { type: 'item.put', plain: put }))",
    weakens: 'a repeated change has the same id and lands once',
  },
  'entries-not-durable': {
    file: 'packages/client/src/replica/stream-log.ts',
    from: 'this.#store.batch(write, { durable })',
    to: 'this.#store.batch(write, { durable: false })',
    weakens: 'what was verified stays verified',
  },
  'no-signature-check': {
    file: 'packages/client/src/replica/verify-batch.ts',
    from: '  if (!author.ok && haltsStream(author.code)) return badEntry(author.code)\n',
    to: '',
    weakens: 'an entry is signed by its author',
  },
  'old-key-after-removal': {
    file: 'packages/client/src/keys/epochs.ts',
    from: '  const keys = { meta: Secret.random(), value: Secret.random() }',
    to: '  const keys = { meta: Secret.random(), value: previous?.value.copy() ?? Secret.random() }',
    weakens: 'a removal makes a new key',
  },
}
