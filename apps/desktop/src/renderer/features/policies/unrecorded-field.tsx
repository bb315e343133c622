import { MAX_UNRECORDED_READS } from '@countersign/schema/policy-limits'
import { Notice } from '../../ui/notice.tsx'
import { TimeField } from './time-field.tsx'

const MINUTE = 60_000
const waits = [0, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE]

/** What a choice costs comes into view with it. */
const seen = (note: HTMLDivElement | null): void => note?.scrollIntoView({ block: 'nearest' })

/** Whether running leases go on while a computer's disk takes no audit records; and what whoever sets it accepts. */
export const UnrecordedField = ({ value, onChange }: { value: number; onChange: (ms: number) => void }) => (
  <>
    <TimeField
      label="Go on without an audit record"
      hint="While a computer’s disk is full or failing: only what a program has read on record before."
      value={value}
      options={waits}
      onChange={onChange}
    />
    {value > 0 && (
      <div ref={seen}>
        <Notice tone="warn" title="Some reads may never be on record">
          They are counted, and put on record as one entry as soon as the disk has room. If Countersign is
          locked or stops before, the count is lost: up to {MAX_UNRECORDED_READS.toLocaleString('en')} reads
          of a program. Which credentials it has is on record in any case. “Not at all” refuses instead.
        </Notice>
      </div>
    )}
  </>
)
