import type { Eligible, Policy } from '@countersign/schema/policy'
import { useEffect, useState } from 'react'
import { ruleInWords } from '../../../shared/rule-words.ts'
import type { EnvironmentView, PersonView } from '../../../shared/views.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { CheckField, SelectField, TextField } from '../../ui/field.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'
import { APPROVERS, SHAPES, shaped, shapeOf } from './policy-shape.ts'
import { countOf, RuleBuilder } from './rule-builder.tsx'
import { partsOf, type RuleParts, ruleOf } from './rule-parts.ts'
import { RulePicture } from './rule-picture.tsx'
import { TimeField } from './time-field.tsx'
import { UnrecordedField } from './unrecorded-field.tsx'

const HOUR = 3_600_000
const leases = [HOUR, 8 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 90 * 24 * HOUR]
const waits = [0, HOUR, 8 * HOUR, 24 * HOUR, 72 * HOUR, 7 * 24 * HOUR]

/** Not at all is said by leaving it out. */
const unrecorded = ({ maxUnrecordedMs: _, ...rest }: Policy, ms: number): Policy =>
  ms === 0 ? rest : { ...rest, maxUnrecordedMs: ms }

export const EditPolicy = ({
  place,
  label,
  people,
  peopleOf,
  onClose,
}: {
  place: EnvironmentView
  label: string
  /** Active members, for groups of named people. */
  people: readonly PersonView[]
  /** Who counts towards a group in this environment today. */
  peopleOf: (of: Eligible) => readonly PersonView[]
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
          const next = SHAPES.find((each) => each.shape === event.target.value)?.shape ?? 'keep'
          setShape(next)
          setParts(shaped(next, parts))
        }}
      >
        {start === null && <option value="keep">The rule as it stands</option>}
        {SHAPES.map((each) => (
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
      <div className="rule-words">
        <p>
          {policy.rule.op !== 'none' && 'Needs '}
          <strong>{ruleInWords(policy.rule, nameOf)}</strong>
          {policy.rule.op !== 'none' && !rest.selfApproval && ', never the person who asks'}.
        </p>
        <RulePicture rule={policy.rule} peopleOf={peopleOf} compact />
      </div>
      {warnings.map((warning) => (
        <Notice
          key={warning.code}
          tone={warning.blocking ? 'bad' : 'warn'}
          title={warning.blocking ? 'Nobody could satisfy this' : 'Worth knowing'}
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
      <TimeField
        label="Longest lease"
        hint="A binding lasts at most this long."
        value={rest.maxLeaseMs}
        options={leases}
        onChange={(ms) => setRest({ ...rest, maxLeaseMs: ms })}
      />
      <TimeField
        label="Serve without the server"
        hint="How long programs read while the server is not reached."
        value={rest.maxOfflineMs}
        options={waits}
        onChange={(ms) => setRest({ ...rest, maxOfflineMs: ms })}
      />
      <TimeField
        label="Serve without another person’s confirmation"
        hint="Another member’s device signs what it has seen; this bounds how long a revocation can be hidden."
        value={rest.maxUnwitnessedMs}
        options={waits}
        onChange={(ms) => setRest({ ...rest, maxUnwitnessedMs: ms })}
      />
      <UnrecordedField value={rest.maxUnrecordedMs ?? 0} onChange={(ms) => setRest(unrecorded(rest, ms))} />
      {set.error !== null && <Refusal error={set.error} />}
    </Dialog>
  )
}
