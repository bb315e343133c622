import { duration } from '../../ui/format.ts'
import type { Revealed } from './use-reveal.ts'

/** A value as dots, or shown with what is left of its time. */
export const MaskedValue = ({ shown, leftMs }: { shown: Revealed | null; leftMs: number }) =>
  shown === null ? (
    <span className="value masked" role="img" aria-label="hidden">
      ••••••••••••
    </span>
  ) : (
    <>
      <span className="value">{shown.value}</span>
      <div className="bar" role="img" aria-label={`hides in ${duration(leftMs)}`}>
        <i style={{ width: `${(100 * Math.max(0, leftMs)) / shown.forMs}%` }} />
      </div>
    </>
  )
