import type { Policy } from '@countersign/schema/policy'
import { useEffect, useState } from 'react'
import { ruleInWords } from '../../../shared/rule-words.ts'
import type { EnvironmentView, PersonView } from '../../../shared/views.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { CheckField, SelectField, TextField } from '../../ui/field.tsx'
import { duration } from '../../ui/format.ts'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'
import { countOf, RuleBuilder } from './rule-builder.tsx'
import { type Part, partsOf, type RuleParts, ruleOf } from './rule-parts.ts'

const HOUR = 3_600_000
const leases = [HOUR, 8 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 90 * 24 * HOUR]
const waits = [0, HOUR, 8 * HOUR, 24 * HOUR, 72 * HOUR, 7 * 24 * HOUR]

type Shape = 'none' | 'approvers' | 'approvers_and_admin' | 'groups' | 'keep'

const shapes: { shape: Shape; label: string }[] = [
  { shape: 'none', label: 'Nobody: whoever holds it decides for themselves' },
  { shape: 'approvers', label: 'Approvers of this environment' },
  { shape: 'approvers_and_admin', label: 'Approvers, and an admin as well' },
  { shape: 'groups', label: 'Several groups…' },
]

const APPROVERS: Part = { k: 2, of: { kind: 'approvers' } }

const shapeOf = (parts: RuleParts | null): Shape => {
  if (parts === null) return 'keep'
  const [first, second] = parts.parts
  if (first === undefined) return 'none'
  if (first.of.kind !== 'approvers' || parts.parts.length > 2) return 'groups'
  if (second === undefined) return 'approvers'
  return parts.join === 'all' && second.of.kind === 'admins' && second.k === 1
    ? 'approvers_and_admin'
    : 'groups'
}

/** The groups a shape edits: what is set for the approvers stays when an admin is added or taken away. */
const shaped = (shape: Shape, parts: RuleParts): RuleParts => {
  const first = parts.parts.find((each) => each.of.kind === 'approvers') ?? APPROVERS
  switch (shape) {
    case 'none':
    case 'keep':
      return { join: 'all', parts: [] }
    case 'approvers':
      return { join: 'all', parts: [first] }
    case 'approvers_and_admin':
      return { join: 'all', parts: [first, { k: 1, of: { kind: 'admins' } }] }
    case 'groups':
      return parts.parts.length === 0 ? { join: 'all', parts: [first] } : parts
  }
}

const Times = ({
  label,
  hint,
  value,
  options,
  onChange,
}: {
  label: string
  hint: string
  value: number
  options: readonly number[]
  onChange: (ms: number) => void
}) => (
  <SelectField
    label={label}
    hint={hint}
    value={value}
    onChange={(event) => onChange(Number(event.target.value))}
  >
    {[...new Set([...options, value])]
      .sort((a, b) => a - b)
      .map((ms) => (
        <option key={ms} value={ms}>
          {ms === 0 ? 'not at all' : duration(ms)}
        </option>
      ))}
  </SelectField>
)

export const EditPolicy = ({
  place,
  label,
  people,
  onClose,
}: {
  place: EnvironmentView
  label: string
  /** Active members, for groups of named people. */
  people: readonly PersonView[]
  onClose: () => void
}) => {
  const set = useAction('policy.set')
  const nameOf = (member: string): string =>
    people.find((each) => each.member === member)?.name ?? 'somebody who left'
  const start = partsOf(place.policy.rule)
  const [shape, setShape] = useState(shapeOf(start))
  const [parts, setParts] = useState<RuleParts>(start ?? { join: 'all', parts: [] })
  const [rest, setRest] = useState<Policy>(place.policy)
  const policy: Policy = { ...rest, rule: shape === 'keep' ? place.policy.rule : ruleOf(parts) }
  const check = useLoaded('policy.check', { environment: place.environment, policy }, ['members', 'vaults'])
  const [warnings, setWarnings] = useState<{ code: string; message: string; blocking: boolean }[]>([])
  useEffect(() => {
    if (check.state === 'ready') setWarnings(check.value)
  }, [check])
  const save = async (): Promise<void> => {
    const done = await set.run({ environment: place.environment, policy })
    if (done === null) return
    toast(
      'good',
      done.applied ? `Policy of ${label} set` : 'Approval is asked',
      done.applied ? '' : 'It takes effect once the current approvers have signed.',
    )
    onClose()
  }
  return (
    <Dialog
      title={`Policy of ${label}`}
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" submit busy={set.busy} disabled={warnings.some((each) => each.blocking)}>
            Set policy
          </Button>
        </>
      }
    >
      <SelectField
        label="Who must approve a program"
        value={shape}
        onChange={(event) => {
          const next = shapes.find((each) => each.shape === event.target.value)?.shape ?? 'keep'
          setShape(next)
          setParts(shaped(next, parts))
        }}
      >
        {start === null && <option value="keep">As it is now</option>}
        {shapes.map((each) => (
          <option key={each.shape} value={each.shape}>
            {each.label}
          </option>
        ))}
      </SelectField>
      {shape === 'groups' && <RuleBuilder value={parts} people={people} onChange={setParts} />}
      {(shape === 'approvers' || shape === 'approvers_and_admin') && (
        <TextField
          label="How many approvers"
          type="number"
          min={1}
          max={20}
          value={parts.parts[0]?.k ?? 1}
          onChange={(event) =>
            setParts(shaped(shape, { ...parts, parts: [{ ...APPROVERS, k: countOf(event.target.value) }] }))
          }
          hint="Different people, whatever number of keys they have."
        />
      )}
      <p className="rule-words">
        {policy.rule.op !== 'none' && 'Needs '}
        <strong>{ruleInWords(policy.rule, nameOf)}</strong>
        {policy.rule.op !== 'none' && !rest.selfApproval && ', never the person who asks'}.
      </p>
      {warnings.map((warning) => (
        <Notice
          key={warning.code}
          tone={warning.blocking ? 'bad' : 'warn'}
          title={warning.blocking ? 'Nobody could satisfy this' : 'Mind'}
        >
          {warning.message}
        </Notice>
      ))}
      {policy.rule.op !== 'none' && (
        <CheckField
          label="The person who asks may be one of them"
          checked={rest.selfApproval}
          onChange={(event) => setRest({ ...rest, selfApproval: event.target.checked })}
        />
      )}
      <Times
        label="Longest lease"
        hint="A binding lasts at most this long."
        value={rest.maxLeaseMs}
        options={leases}
        onChange={(ms) => setRest({ ...rest, maxLeaseMs: ms })}
      />
      <Times
        label="Serve without the server"
        hint="How long programs read while the server is not reached."
        value={rest.maxOfflineMs}
        options={waits}
        onChange={(ms) => setRest({ ...rest, maxOfflineMs: ms })}
      />
      <Times
        label="Serve without another person’s confirmation"
        hint="Another member’s device signs what it has seen; this bounds how long a revocation can be hidden."
        value={rest.maxUnwitnessedMs}
        options={waits}
        onChange={(ms) => setRest({ ...rest, maxUnwitnessedMs: ms })}
      />
      {set.error !== null && <Refusal error={set.error} />}
    </Dialog>
  )
}
