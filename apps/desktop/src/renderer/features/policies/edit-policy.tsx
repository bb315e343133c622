import type { Policy, Rule } from '@countersign/schema/policy'
import { useEffect, useState } from 'react'
import type { EnvironmentView } from '../../../shared/views.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { CheckField, SelectField, TextField } from '../../ui/field.tsx'
import { duration } from '../../ui/format.ts'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'

const HOUR = 3_600_000
const leases = [HOUR, 8 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 90 * 24 * HOUR]
const waits = [0, HOUR, 8 * HOUR, 24 * HOUR, 72 * HOUR, 7 * 24 * HOUR]

type Shape = 'none' | 'approvers' | 'approvers_and_admin'

const shapeOf = (rule: Rule): { shape: Shape; k: number } => {
  if (rule.op === 'quorum') return { shape: 'approvers', k: rule.k }
  if (rule.op === 'all') {
    const first = rule.rules[0]
    return { shape: 'approvers_and_admin', k: first?.op === 'quorum' ? first.k : 1 }
  }
  return { shape: 'none', k: 2 }
}

const ruleOf = (shape: Shape, k: number): Rule => {
  const approvers: Rule = { op: 'quorum', k, of: { kind: 'approvers' } }
  if (shape === 'none') return { op: 'none' }
  if (shape === 'approvers') return approvers
  return { op: 'all', rules: [approvers, { op: 'quorum', k: 1, of: { kind: 'admins' } }] }
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
  onClose,
}: {
  place: EnvironmentView
  label: string
  onClose: () => void
}) => {
  const set = useAction('policy.set')
  const start = shapeOf(place.policy.rule)
  const [shape, setShape] = useState(start.shape)
  const [k, setK] = useState(start.k)
  const [rest, setRest] = useState<Policy>(place.policy)
  const policy: Policy = { ...rest, rule: ruleOf(shape, k) }
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
        onChange={(event) =>
          setShape(
            event.target.value === 'approvers'
              ? 'approvers'
              : event.target.value === 'none'
                ? 'none'
                : 'approvers_and_admin',
          )
        }
      >
        <option value="none">Nobody: whoever holds it decides for themselves</option>
        <option value="approvers">Approvers of this environment</option>
        <option value="approvers_and_admin">Approvers, and an admin as well</option>
      </SelectField>
      {shape !== 'none' && (
        <>
          <TextField
            label="How many approvers"
            type="number"
            min={1}
            max={20}
            value={k}
            onChange={(event) => setK(Math.min(20, Math.max(1, Number(event.target.value))))}
            hint="Different people, whatever number of keys they have."
          />
          <CheckField
            label="The person who asks may be one of them"
            checked={rest.selfApproval}
            onChange={(event) => setRest({ ...rest, selfApproval: event.target.checked })}
          />
        </>
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
      {warnings.map((warning) => (
        <Notice
          key={warning.code}
          tone={warning.blocking ? 'bad' : 'warn'}
          title={warning.blocking ? 'Nobody could satisfy this' : 'Mind'}
        >
          {warning.message}
        </Notice>
      ))}
      {set.error !== null && <Refusal error={set.error} />}
    </Dialog>
  )
}
