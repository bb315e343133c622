import { Fingerprint } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { RequestDetail } from '../../../shared/views.ts'
import { useApp } from '../../data/app-store.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ListSkeleton } from '../../ui/empty-state.tsx'
import { ago, left } from '../../ui/format.ts'
import { Monogram } from '../../ui/monogram.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { QuorumSlots } from '../../ui/quorum-slots.tsx'
import { RequestFacts } from '../../ui/request-facts.tsx'
import { requestTitle } from '../../ui/request-title.ts'
import { requestState } from '../../ui/request-words.ts'
import { useNow } from '../../ui/use-now.ts'
import { useShortcuts } from '../../ui/use-shortcuts.ts'
import { NarrowEdit } from './narrow-edit.tsx'
import { asAsked, type Narrowing, narrowTerms } from './narrow-terms.ts'
import { narrowWords } from './narrow-words.ts'
import { useSettled } from './use-settled.ts'

const keys = { Escape: () => window.close() }

const CloseButton = () => (
  <Button aria-keyshortcuts="Escape" onClick={() => window.close()}>
    Close <kbd aria-hidden>Esc</kbd>
  </Button>
)

const Head = ({ row }: { row: RequestDetail['row'] }) => {
  const now = useNow(5000)
  return (
    <header className="signing-head">
      <Monogram text={row.requester.name} seed={row.requester.member} />
      <div className="grow">
        <div className="row">
          <h1 className="grow">{requestTitle(row)}</h1>
          {row.state !== 'pending' && (
            <Badge tone={requestState[row.state].tone}>{requestState[row.state].label}</Badge>
          )}
        </div>
        <p className="soft">
          {row.requester.name}{' '}
          {row.kind === 'binding' ? `asks for ${row.target}` : `asks to change ${row.target}`}
        </p>
        <p className="faint">
          {ago(row.createdAt, now)}
          {row.state === 'pending' && ` · ${left(row.expiresAt, now)} to decide`}
        </p>
        {row.kind === 'binding' && row.reason !== '' && (
          <blockquote className="signing-reason">{row.reason}</blockquote>
        )}
      </div>
    </header>
  )
}

/** What is signed, rendered here from the very bytes that are hashed. Deny is the keyboard's default. */
export const SigningWindow = () => {
  const loaded = useLoaded('signing.get', {}, ['requests'])
  const tryOut = useApp((state) => state.status?.tryOut ?? false)
  const approve = useAction('signing.approve')
  const deny = useAction('signing.deny')
  const settled = useSettled()
  const [chosen, setChosen] = useState<Narrowing | null>(null)
  const [outcome, setOutcome] = useState<'approved' | 'denied' | null>(null)
  const firstButton = useRef<HTMLDivElement>(null)
  useShortcuts(keys)
  useEffect(() => {
    if (settled || outcome !== null) firstButton.current?.querySelector('button')?.focus()
  }, [settled, outcome])
  if (loaded.state !== 'ready') {
    return (
      <main className="signing" aria-busy={loaded.state === 'loading'}>
        <div className="signing-body">
          <h1>Review and sign</h1>
          {loaded.state === 'loading' ? (
            <ListSkeleton rows={4} />
          ) : (
            <Refusal error={loaded.error} onRetry={loaded.reload} />
          )}
        </div>
        <footer className="signing-foot">
          <span className="grow" />
          <CloseButton />
        </footer>
      </main>
    )
  }
  const detail = loaded.value
  const { row, terms } = detail
  const narrowing = chosen ?? (terms === null ? null : asAsked(terms))
  const narrowed = terms === null || narrowing === null ? null : narrowTerms(terms, narrowing)
  const open = row.state === 'pending' && row.mine === 'can_approve' && outcome === null
  const ready = settled && open && !approve.busy && !deny.busy && narrowing?.items.length !== 0
  const sign = async (): Promise<void> => {
    const done = await approve.run({ request: row.request, requestHash: detail.requestHash, terms: narrowed })
    if (done === null) return
    setOutcome('approved')
    loaded.reload()
  }
  const refuse = async (): Promise<void> => {
    if ((await deny.run({ request: row.request, reason: '' })) !== null) setOutcome('denied')
  }
  return (
    <main className="signing">
      {tryOut && <div className="try-out">Try-out: this signature is made by software</div>}
      <div className="signing-body">
        <Head row={row} />
        {outcome === 'approved' && (
          <Notice tone="good" title="Signed and sent">
            You can close this window.
          </Notice>
        )}
        {outcome === 'denied' && (
          <Notice title="Denied">
            {row.kind === 'binding' ? 'The program is told.' : 'Nothing changes.'} You can close this window.
          </Notice>
        )}
        {outcome === null && !open && (
          <Notice tone="warn" title="This can no longer be signed">
            It was decided, withdrawn or changed meanwhile.
          </Notice>
        )}
        {approve.error !== null && <Refusal error={approve.error} />}
        {deny.error !== null && <Refusal error={deny.error} />}
        <QuorumSlots row={row} />
        <RequestFacts detail={detail} />
        {open && terms !== null && narrowing !== null && (
          <NarrowEdit terms={terms} value={narrowing} onChange={setChosen} />
        )}
      </div>
      <footer className="signing-foot" data-settling={settled ? undefined : ''}>
        <span className="faint grow" aria-live="polite">
          {narrowing?.items.length === 0
            ? 'Leave at least one credential, or deny.'
            : narrowed !== null && terms !== null && open
              ? `You allow less: ${narrowWords(terms, narrowed)}.`
              : open && 'Your touch signs the hash above with these terms, and nothing else.'}
        </span>
        <div ref={firstButton} className="row">
          {open ? (
            <Button kind="danger" disabled={!settled} busy={deny.busy} onClick={() => void refuse()}>
              Deny
            </Button>
          ) : (
            <CloseButton />
          )}
        </div>
        {open && (
          <Button kind="primary" disabled={!ready} busy={approve.busy} onClick={() => void sign()}>
            <Fingerprint size={16} aria-hidden />
            {approve.busy ? 'Touch your key…' : 'Approve with a touch'}
          </Button>
        )}
      </footer>
    </main>
  )
}
