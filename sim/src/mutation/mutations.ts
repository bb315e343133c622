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
  'store-not-synced': {
    file: 'sim/src/disk/disk-server-store.ts',
    from: 'await this.#disk.write(encodeServerRecord(record), true)',
    to: 'await this.#disk.write(encodeServerRecord(record), false)',
    weakens:
      'a server’s store syncs what it says is durable (the simulation’s store stands for the shipped adapter)',
  },
  'refused-taken-as-landed': {
    file: 'packages/client/src/replica/appender.ts',
    from: "if (answer.type === 'appended') await this.#accept(parts, signed, answer.heads)",
    to: "await this.#accept(parts, signed, answer.type === 'appended' ? answer.heads : [])",
    weakens: 'an own entry is history once the server took it, not before',
  },
  'lost-access-is-a-rollback': {
    file: 'packages/client/src/replica/history-check.ts',
    from: 'if (ours === null || heads.has(stream) || !mayRead(projection, device, stream)) continue',
    to: 'if (ours === null || heads.has(stream)) continue',
    weakens: 'a stream that may be read no longer is not missed',
  },
  'rollback-not-looked-for': {
    file: 'packages/client/src/replica/history-check.ts',
    from: 'if (theirs === undefined || theirs.seq < ours.seq) return rollback',
    to: 'if (theirs === undefined) return rollback',
    weakens: 'a server that shows less than it did is not believed',
  },
  'split-view-not-looked-for': {
    file: 'packages/client/src/replica/seen-book.ts',
    from: "else if (!equalBytes(ours, head.hash)) return { kind: 'fork', seen, earlier: null, stream, seq }",
    to: 'else if (!equalBytes(ours, head.hash)) continue',
    weakens: 'what another device states is compared with the history here',
  },
  'removal-brings-no-key': {
    file: 'packages/client/src/team/team-replay.ts',
    from: "  'member.remove',\n",
    to: '',
    weakens:
      'the key that comes with an entry opens what is written after it, for whoever was there and for whoever reads it later',
  },
  'landed-is-a-conflict': {
    file: 'packages/client/src/items/offline-items.ts',
    from: "    if ((await replica.ownEntry(intent.id)) !== undefined) return { state: 'done' }\n    return { state: 'conflict',",
    to: "    return { state: 'conflict',",
    weakens: 'a change that was refused because of itself has landed',
  },
  'kept-read-of-another': {
    file: 'packages/local-api/src/prepared-reads.ts',
    from: '    const read = this.#kept.get(entry)?.get(target)\n    return read?.snapshot === snapshot ? read : undefined\n',
    to: '    return [...this.#kept.values()].flatMap((mine) => [...mine.values()])[0]\n',
    weakens: 'a kept answer is given to the token and the target that it was worked out for',
  },
  'no-offline-limit': {
    file: 'packages/client/src/replica/freshness.ts',
    from: 'if (serverUntil === null || now > serverUntil) {',
    to: 'if (serverUntil === null) {',
    weakens: 'serving ends a signed time after the last contact with the server',
  },
  'no-unwitnessed-limit': {
    file: 'packages/client/src/replica/freshness.ts',
    from: 'if (witnessUntil === null || now > witnessUntil) {',
    to: 'if (witnessUntil === null) {',
    weakens: 'serving ends a signed time after the last statement of somebody else’s device',
  },
  'answer-before-audit': {
    file: 'packages/local-api/src/routes/credentials.ts',
    from: '  return durable.then(',
    to: '  return (durable.catch(() => undefined), Promise.resolve()).then(',
    weakens: 'a value leaves once its record is durable',
  },
  'offline-changes-not-sent': {
    file: 'apps/desktop/src/core/duties.ts',
    from: 'if (session.device.replica.intents.waiting().length > 0) {',
    to: 'if (false) {',
    weakens: 'an unlocked client sends what was changed offline',
  },
  'full-disk-not-said': {
    file: 'packages/local-api/src/routes/poll-binding.ts',
    from: 'session.book.exchange(entry, until).catch(() => null)',
    to: 'session.book.exchange(entry, until)',
    weakens: 'a disk that cannot remember a token is an answer, not a defect',
  },
  'caught-up-not-heard': {
    file: 'packages/client/src/replica/follower.ts',
    from: "      case 'caught_up':\n        return this.#caughtUp()\n",
    to: "      case 'caught_up':\n        return\n",
    weakens:
      'a client that has caught up is live (without that no team can be founded: the run itself breaks)',
  },
}
