import type { RequestDetail } from '../../shared/views.ts'
import { duration, when } from './format.ts'

const leaseWords = (lease: NonNullable<RequestDetail['terms']>['lease']): string =>
  [
    `for ${duration(lease.durationMs)}`,
    lease.uses === null ? null : `at most ${lease.uses} reads`,
    lease.untilLock ? 'until this computer locks' : null,
    lease.untilProcessEnds ? 'until the program ends' : null,
  ]
    .filter((each) => each !== null)
    .join(', ')

/** Everything a request says, in words, from the very bytes that are hashed. */
export const RequestFacts = ({ detail }: { detail: RequestDetail }) => (
  <dl className="facts">
    <dt>Asked by</dt>
    <dd>
      {detail.row.requester.name}, {when(detail.row.createdAt)}
    </dd>
    {detail.code !== null && (
      <>
        <dt>Code on their screen</dt>
        <dd className="mono">{detail.code}</dd>
      </>
    )}
    {detail.terms === null ? (
      <>
        <dt>Change</dt>
        <dd>{detail.summary}</dd>
      </>
    ) : (
      <>
        <dt>Credentials</dt>
        <dd>{detail.terms.items.map((item) => item.name).join(', ')}</dd>
        <dt>In</dt>
        <dd>
          {detail.terms.vaultName} / {detail.terms.environmentName}
        </dd>
        <dt>May</dt>
        <dd>
          {detail.terms.mode === 'reveal' ? 'read the value' : 'use it through the broker, without seeing it'}
        </dd>
        <dt>How long</dt>
        <dd>{leaseWords(detail.terms.lease)}</dd>
        {detail.terms.models.length > 0 && (
          <>
            <dt>Models</dt>
            <dd>{detail.terms.models.join(', ')}</dd>
          </>
        )}
      </>
    )}
    <dt>Policy</dt>
    <dd>
      {detail.policy} <span className="faint">(version {detail.policyVersion})</span>
    </dd>
    {detail.caller.map((fact) => (
      <div key={fact.label} style={{ display: 'contents' }}>
        <dt>{fact.label}</dt>
        <dd className="mono">{fact.value}</dd>
      </div>
    ))}
    <dt>Hash that is signed</dt>
    <dd className="mono">{detail.requestHash}</dd>
  </dl>
)
