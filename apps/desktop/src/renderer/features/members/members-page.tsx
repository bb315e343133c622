import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import type { MemberView } from '../../../shared/views.ts'
import { useApp } from '../../data/app-store.ts'
import { useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { ListSkeleton } from '../../ui/empty-state.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { useNow } from '../../ui/use-now.ts'
import { AccessMatrix } from './access-matrix.tsx'
import { ChangeMember } from './change-member.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { InviteList } from './invite-list.tsx'
import { MemberCard } from './member-card.tsx'
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
  const now = useNow()
  const places = vaults.state === 'ready' ? vaults.value : []
  const waiting = invites.state === 'ready' ? invites.value.filter((each) => each.state !== 'joined') : []
  const due = worklist.state === 'ready' ? worklist.value : []
  return (
    <section className="page" aria-label="Members">
      <header className="page-head">
        <h1>Members</h1>
        <span className="grow" />
        {admin && (
          <Button kind="primary" onClick={() => setOpen({ dialog: 'invite', follow: null })}>
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
            <section className="card" aria-label="People">
              <div className="card-head">
                <h2>People</h2>
                <span className="faint">
                  {members.value.filter((member) => member.state === 'active').length}
                </span>
              </div>
              {members.value.map((member) => (
                <MemberCard
                  key={member.member}
                  member={member}
                  now={now}
                  onChange={
                    admin && member.state === 'active' ? () => setOpen({ dialog: 'change', member }) : null
                  }
                  onLostKey={
                    admin && !member.me && member.state === 'active'
                      ? () => setOpen({ dialog: 'replace', member })
                      : null
                  }
                  onRemove={
                    admin && !member.me && member.state === 'active'
                      ? () => setOpen({ dialog: 'remove', member })
                      : null
                  }
                />
              ))}
              {members.value.length === 1 && (
                <div className="card-body">
                  <Notice title="You are alone here">
                    Invite somebody: only another person’s approval makes a quorum, and only another person’s
                    device can confirm that the server hides nothing from you.
                  </Notice>
                </div>
              )}
            </section>
          )}
          {members.state === 'ready' && places.length > 0 && (
            <AccessMatrix members={members.value.filter((each) => each.state === 'active')} vaults={places} />
          )}
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
