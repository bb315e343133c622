import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import type { MemberView } from '../../../shared/views.ts'
import { useApp } from '../../data/app-store.ts'
import { useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { ListSkeleton } from '../../ui/empty-state.tsx'
import { Refusal } from '../../ui/notice.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { useNow } from '../../ui/use-now.ts'
import { useShortcuts } from '../../ui/use-shortcuts.ts'
import { AccessMatrix } from './access-matrix.tsx'
import { ChangeMember } from './change-member.tsx'
import { filterPeople } from './filter-people.ts'
import { InviteDialog } from './invite-dialog.tsx'
import { InviteList } from './invite-list.tsx'
import { PeopleList } from './people-list.tsx'
import { RemoveMember } from './remove-member.tsx'
import { ReplaceMember } from './replace-member.tsx'
import { Worklist } from './worklist.tsx'
import './members.css'

type Open =
  | { dialog: 'invite'; follow: string | null; again?: MemberView }
  | { dialog: 'remove' | 'change' | 'replace'; member: MemberView }
  | null

export const MembersPage = () => {
  const members = useLoaded('members.list', {}, ['members', 'vaults'])
  const invites = useLoaded('invites.list', {}, ['invites'])
  const vaults = useLoaded('vaults.list', {}, ['vaults'])
  const worklist = useLoaded('worklist.list', {}, ['worklist', 'items'])
  const admin = useApp((state) => state.status?.me?.roles.includes('admin') ?? false)
  const [open, setOpen] = useState<Open>(null)
  const [typed, setTyped] = useState('')
  const now = useNow()
  const shown = members.state === 'ready' ? filterPeople(members.value, typed) : []
  const inMatrix = shown.filter((each) => each.state === 'active')
  const places = vaults.state === 'ready' ? vaults.value : []
  const waiting = invites.state === 'ready' ? invites.value.filter((each) => each.state !== 'joined') : []
  const due = worklist.state === 'ready' ? worklist.value : []
  useShortcuts({ n: () => admin && setOpen({ dialog: 'invite', follow: null }) })
  return (
    <section className="page" aria-label="Members">
      <header className="page-head">
        <h1>Members</h1>
        <span className="grow" />
        <SearchField label="Search people" value={typed} onChange={setTyped} />
        {admin && (
          <Button
            kind="primary"
            aria-keyshortcuts="n"
            title="Invite somebody (n)"
            onClick={() => setOpen({ dialog: 'invite', follow: null })}
          >
            <UserPlus size={16} aria-hidden /> Invite
          </Button>
        )}
      </header>
      <div className="page-body">
        {members.state === 'loading' && <ListSkeleton />}
        <div className="page-pad stack">
          {members.state === 'failed' && <Refusal error={members.error} onRetry={members.reload} />}
          {due.length > 0 && (
            <div className="card">
              <div className="card-head">
                <h2>Rotation worklist</h2>
                <span className="faint">provider keys that removed members really read</span>
              </div>
              <Worklist rows={due} />
            </div>
          )}
          {waiting.length > 0 && (
            <InviteList
              invites={waiting}
              now={now}
              onOpen={(invite) => setOpen({ dialog: 'invite', follow: invite })}
            />
          )}
          {members.state === 'ready' && (
            <PeopleList
              members={members.value}
              shown={shown}
              admin={admin}
              now={now}
              onChange={(member) => setOpen({ dialog: 'change', member })}
              onLostKey={(member) => setOpen({ dialog: 'replace', member })}
              onRemove={(member) => setOpen({ dialog: 'remove', member })}
            />
          )}
          {inMatrix.length > 0 && places.length > 0 && <AccessMatrix members={inMatrix} vaults={places} />}
        </div>
      </div>
      {open?.dialog === 'invite' && (
        <InviteDialog
          vaults={places}
          follow={open.follow}
          again={open.again ?? null}
          onClose={() => setOpen(null)}
        />
      )}
      {open?.dialog === 'remove' && <RemoveMember member={open.member} onClose={() => setOpen(null)} />}
      {open?.dialog === 'replace' && (
        <ReplaceMember
          member={open.member}
          onInvite={() => setOpen({ dialog: 'invite', follow: null, again: open.member })}
          onClose={() => setOpen(null)}
        />
      )}
      {open?.dialog === 'change' && (
        <ChangeMember member={open.member} vaults={places} onClose={() => setOpen(null)} />
      )}
    </section>
  )
}
