import { OctagonAlert } from 'lucide-react'
import type { CallError } from '../../shared/contract.ts'
import { askForStatus } from '../data/app-store.ts'
import { Refusal } from '../ui/notice.tsx'

/** Nothing is known of this installation yet. Said only where it takes longer than a start does. */
export const Starting = () => (
  <main className="centered" aria-busy="true">
    <h1 className="starting">Countersign is starting…</h1>
  </main>
)

/** The part that holds the keys says why it cannot start. It is started again by itself, so that this goes away with its cause. */
export const StartFailure = ({ error }: { error: CallError }) => (
  <main className="centered">
    <div className="centered-card stack start-failure">
      <OctagonAlert size={28} aria-hidden />
      <h1>Countersign cannot start</h1>
      <Refusal error={error} onRetry={askForStatus} />
      <p className="soft">
        Nothing was changed, and programs get nothing meanwhile. Countersign tries again by itself every few
        seconds.
      </p>
      <p className="faint mono">{error.code}</p>
    </div>
  </main>
)
