import type { Eligible } from '@countersign/schema/policy'
import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import type { EnvironmentView, PersonView } from '../../../shared/views.ts'
import { useApp } from '../../data/app-store.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState, ListSkeleton } from '../../ui/empty-state.tsx'
import { Refusal } from '../../ui/notice.tsx'
import { CloseBootstrap } from './close-bootstrap.tsx'
import { EditPolicy } from './edit-policy.tsx'
import { PolicyCard } from './policy-card.tsx'
import './policies.css'

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
                  <PolicyCard
                    key={place.environment}
                    place={place}
                    label={label}
                    nameOf={nameOf}
                    peopleOf={(of) => peopleOf(place, of)}
                    rekey={
                      place.rekeyDue &&
                      place.level === 'hold' && (
                        <Button
                          size="small"
                          busy={rekey.busy}
                          onClick={() => void rekey.run({ environment: place.environment })}
                        >
                          Make new keys
                        </Button>
                      )
                    }
                    onChange={admin ? () => setEditing({ place, label }) : null}
                  />
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
          peopleOf={(of) => peopleOf(editing.place, of)}
          onClose={() => setEditing(null)}
        />
      )}
    </section>
  )
}
