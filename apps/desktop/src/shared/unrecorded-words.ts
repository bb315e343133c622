import type { Policy } from '@countersign/schema/policy'

const MINUTE = 60_000

const time = (ms: number): string => {
  if (ms % MINUTE !== 0) return `${ms / 1000} seconds`
  return ms === MINUTE ? 'one minute' : `${ms / MINUTE} minutes`
}

/** What a policy says of reads that the audit cannot take, as one would say it. */
export const unrecordedInWords = ({ maxUnrecordedMs = 0 }: Pick<Policy, 'maxUnrecordedMs'>): string =>
  maxUnrecordedMs === 0
    ? 'nothing is read without an audit record'
    : `while a disk takes no audit records, programs repeat what they had read, for at most ${time(maxUnrecordedMs)}`
