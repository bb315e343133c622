import { Fingerprint } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useApp } from '../../data/app-store.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { CheckField, SelectField } from '../../ui/field.tsx'
import { duration } from '../../ui/format.ts'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { RequestFacts } from '../../ui/request-facts.tsx'
import { asAsked, type Narrowing, narrowTerms } from './narrow-terms.ts'

/** Nothing can be clicked before this: a window that pops up under a click must not be signed by it. */
const SETTLE_MS = 500
const HOUR = 3_600_000
const choices = [HOUR, 8 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR]

/** What is signed, rendered here from the very bytes that are hashed. Deny is the keyboard's default. */
export const SigningWindow = () => {
  const loaded = useLoaded('signing.get', {}, ['requests'])
  const tryOut = useApp((state) => state.status?.tryOut ?? false)
  const approve = useAction('signing.approve')
  const deny = useAction('signing.deny')
  const [settled, setSettled] = useState(false)
  const [chosen, setChosen] = useState<Narrowing | null>(null)
  const [outcome, setOutcome] = useState<'approved' | 'denied' | null>(null)
  const denyButton = useRef<HTMLDivElement>(null)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const settle = (): void => {
      clearTimeout(timer)
      setSettled(false)
      if (document.visibilityState === 'visible') timer = setTimeout(() => setSettled(true), SETTLE_MS)
    }
    settle()
    document.addEventListener('visibilitychange', settle)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', settle)
    }
  }, [])
  useEffect(() => {
    if (settled) denyButton.current?.querySelector('button')?.focus()
  }, [settled])
  if (loaded.state === 'loading') return <main className="signing" aria-busy="true" />
  if (loaded.state === 'failed') {
    return (
      <main className="signing">
        <div className="signing-body">
          <h1>Review and sign</h1>
          <Refusal error={loaded.error} onRetry={loaded.reload} />
        </div>
      </main>
    )
  }
  const detail = loaded.value
  const { row, terms } = detail
  const narrowing = chosen ?? (terms === null ? null : asAsked(terms))
  const open = row.state === 'pending' && row.mine === 'can_approve' && outcome === null
  const ready = settled && open && !approve.busy && !deny.busy && narrowing?.items.length !== 0
  const sign = async (): Promise<void> => {
    const narrowed = terms === null || narrowing === null ? null : narrowTerms(terms, narrowing)
    const done = await approve.run({ request: row.request, requestHash: detail.requestHash, terms: narrowed })
    if (done !== null) setOutcome('approved')
  }
  const refuse = async (): Promise<void> => {
    if ((await deny.run({ request: row.request, reason: '' })) !== null) setOutcome('denied')
  }
  return (
    <main className="signing">
      {tryOut && <div className="try-out">Try-out: this signature is made by software</div>}
      <div className="signing-body">
        <div>
          <h1>
            {row.requester.name} asks for {row.target}
          </h1>
          <p className="soft">
            for {row.application}
            {row.reason !== '' && <>: “{row.reason}”</>}
          </p>
        </div>
        {outcome === 'approved' && (
          <Notice tone="good" title="Signed and sent">
            You can close this window.
          </Notice>
        )}
        {outcome === 'denied' && (
          <Notice title="Denied">The program is told. You can close this window.</Notice>
        )}
        {outcome === null && !open && (
          <Notice tone="warn" title="This can no longer be signed">
            It was decided, withdrawn or changed meanwhile.
          </Notice>
        )}
        {approve.error !== null && <Refusal error={approve.error} />}
        {deny.error !== null && <Refusal error={deny.error} />}
        <RequestFacts detail={detail} />
        {open && terms !== null && narrowing !== null && (
          <details>
            <summary>Allow less than was asked</summary>
            <div className="narrow">
              {terms.items.length > 1 &&
                terms.items.map((item) => (
                  <CheckField
                    key={item.item}
                    label={item.name}
                    checked={narrowing.items.includes(item.item)}
                    onChange={(event) =>
                      setChosen({
                        ...narrowing,
                        items: event.target.checked
                          ? [...narrowing.items, item.item]
                          : narrowing.items.filter((each) => each !== item.item),
                      })
                    }
                  />
                ))}
              <SelectField
                label="How long"
                value={narrowing.durationMs}
                onChange={(event) => setChosen({ ...narrowing, durationMs: Number(event.target.value) })}
              >
                {[...choices.filter((each) => each < terms.lease.durationMs), terms.lease.durationMs].map(
                  (each) => (
                    <option key={each} value={each}>
                      {duration(each)}
                      {each === terms.lease.durationMs ? ' (as asked)' : ''}
                    </option>
                  ),
                )}
              </SelectField>
              {terms.mode === 'reveal' && (
                <CheckField
                  label="Only through the broker"
                  hint="The program never sees the value."
                  checked={narrowing.broker}
                  onChange={(event) => setChosen({ ...narrowing, broker: event.target.checked })}
                />
              )}
            </div>
          </details>
        )}
      </div>
      <footer className="signing-foot" data-settling={settled ? undefined : ''}>
        <span className="faint grow">
          Your touch signs the hash above with these terms, and nothing else.
        </span>
        <div ref={denyButton}>
          <Button kind="danger" disabled={!settled || !open} busy={deny.busy} onClick={() => void refuse()}>
            Deny
          </Button>
        </div>
        <Button kind="primary" disabled={!ready} busy={approve.busy} onClick={() => void sign()}>
          <Fingerprint size={16} aria-hidden />
          {approve.busy ? 'Touch your key…' : 'Approve with a touch'}
        </Button>
      </footer>
    </main>
  )
}
