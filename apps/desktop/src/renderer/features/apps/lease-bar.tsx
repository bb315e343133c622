import type { BindingView } from '../../../shared/views.ts'
import { left } from '../../ui/format.ts'

/** Below this share of a lease its bar warns. */
const ALMOST_OVER = 0.15

/** What is left of a lease, as a picture. */
export const LeaseBar = ({ binding, now }: { binding: BindingView; now: number }) => {
  const share = Math.max(0, Math.min(1, (binding.expiresAt - now) / (binding.expiresAt - binding.issuedAt)))
  return (
    <div className="lease">
      <div className="bar" data-tone={share < ALMOST_OVER ? 'warn' : undefined} aria-hidden>
        <i style={{ width: `${share * 100}%` }} />
      </div>
      <span className="faint">{left(binding.expiresAt, now)}</span>
    </div>
  )
}
