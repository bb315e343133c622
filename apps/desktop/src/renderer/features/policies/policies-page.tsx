import type { Eligible } from '@countersign/schema/policy'
import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { ruleInWords } from '../../../shared/rule-words.ts'
import type { EnvironmentView, PersonView } from '../../../shared/views.ts'
import { useApp } from '../../data/app-store.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState, ListSkeleton } from '../../ui/empty-state.tsx'
import { duration } from '../../ui/format.ts'
import { Monogram } from '../../ui/monogram.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { EditPolicy } from './edit-policy.tsx'
import { RulePicture } from './rule-picture.tsx'
import './policies.css'

const CloseBootstrap = () => {
  const close = useAction('bootstrap.close')
  return (
    <Notice
      tone="warn"
      title="This team is still being set up"
      action={
        <Button kind="primary" busy={close.busy} onClick={() => void close.run({})}>
          Close the set-up
        </Button>
      }
    >
      Until you close it, you alone can add people and change policies. Afterwards each such change needs the
      approvals of the environments it touches. There is no way back.
      {close.error !== null && <Refusal error={close.error} />}
    </Notice>
  )
}

const People = ({ label, people }: { label: string; people: EnvironmentView['holders'] }) => (
  <div>
    <h3>{label}</h3>
    <div className="people">
      {people.map((person) => (
        <span key={person.member} className="row" title={person.name}>
          <Monogram text={person.name} seed={person.member} />
          <span className="clip">{person.name}</span>
        </span>
      ))}
      {people.length === 0 && <span className="faint">nobody</span>}
    </div>
  </div>
)

export const PoliciesPage = () => {
  const vaults = useLoaded('vaults.list', {}, ['vaults', 'members'])
  const members = useLoaded('members.list', {}, ['members'])
  const admin = useApp((state) => state.status?.me?.roles.includes('admin') ?? false)
  const bootstrapOpen = useApp((state) => state.status?.bootstrapOpen ?? false)
  const rekey = useAction('environment.rekey')
  const [editing, setEditing] = useState<{ place: EnvironmentView; label: string } | null>(null)
  const active = members.state === 'ready' ? members.value.filter((member) => member.state === 'active') : []
  const peopleOf = (place: EnvironmentView, of: Eligible): readonly PersonView[] => {
    switch (of.kind) {
      case 'approvers':
        return place.approvers
      case 'holders':
        return place.holders
      case 'admins':
        return active.filter((member) => member.roles.includes('admin'))
      case 'members':
        return active.filter((member) => of.members.includes(member.member))
    }
  }
  const nameOf = (member: string): string =>
    members.state === 'ready'
      ? (members.value.find((each) => each.member === member)?.name ?? 'somebody')
      : '…'
  return (
    <section className="page" aria-label="Policies">
      <header className="page-head">
        <h1>Policies</h1>
        <span className="faint">who must approve before a program reads</span>
      </header>
      <div className="page-body">
        {vaults.state === 'loading' && <ListSkeleton />}
        <div className="page-pad stack">
          {bootstrapOpen && admin && <CloseBootstrap />}
          {vaults.state === 'failed' && <Refusal error={vaults.error} onRetry={vaults.reload} />}
          {rekey.error !== null && <Refusal error={rekey.error} />}
          {vaults.state === 'ready' && vaults.value.length === 0 && (
            <EmptyState icon={ShieldCheck} title="No environment yet">
              <p>Create a vault first; each of its environments gets a policy.</p>
            </EmptyState>
          )}
          {vaults.state === 'ready' &&
            vaults.value.flatMap((vault) =>
              vault.environments.map((place) => {
                const label = `${vault.name} / ${place.name}`
                return (
                  <article key={place.environment} className="card" aria-label={label}>
                    <div className="card-head">
                      <h2 className="grow">{label}</h2>
                      {place.rekeyDue && (
                        <>
                          <Badge tone="warn">new keys due</Badge>
                          {place.level === 'hold' && (
                            <Button
                              size="small"
                              busy={rekey.busy}
                              onClick={() => void rekey.run({ environment: place.environment })}
                            >
                              Make new keys
                            </Button>
                          )}
                        </>
                      )}
                      <span className="faint">version {place.policyVersion}</span>
                      {admin && (
                        <Button size="small" onClick={() => setEditing({ place, label })}>
                          Change…
                        </Button>
                      )}
                    </div>
                    <div className="card-body stack">
                      <p>
                        For a program to read: <strong>{ruleInWords(place.policy.rule, nameOf)}</strong>
                        {place.policy.rule.op !== 'none' &&
                          !place.policy.selfApproval &&
                          ', never the person who asks'}
                        .{' '}
                        <span className="soft">
                          Leases up to {duration(place.policy.maxLeaseMs)}; served{' '}
                          {duration(place.policy.maxOfflineMs)} without the server.
                        </span>
                      </p>
                      <RulePicture rule={place.policy.rule} peopleOf={(of) => peopleOf(place, of)} />
                      <div className="policy-people">
                        <People label="Approve" people={place.approvers} />
                        <People label="Hold" people={place.holders} />
                        <People label="May ask" people={place.requesters} />
                      </div>
                    </div>
                  </article>
                )
              }),
            )}
        </div>
      </div>
      {editing !== null && (
        <EditPolicy
          place={editing.place}
          label={editing.label}
          people={active}
          onClose={() => setEditing(null)}
        />
      )}
    </section>
  )
}
