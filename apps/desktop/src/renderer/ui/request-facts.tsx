import { findProvider } from '@countersign/schema/providers'
import type { ReactNode } from 'react'
import type { RequestDetail } from '../../shared/views.ts'
import { Badge } from './badge.tsx'
import { when } from './format.ts'
import { leaseWords } from './lease-words.ts'
import { Monogram } from './monogram.tsx'

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="facts-part">
    <h2>{title}</h2>
    {children}
  </section>
)

const Terms = ({ terms }: { terms: NonNullable<RequestDetail['terms']> }) => (
  <>
    <dt>Credentials</dt>
    <dd>
      <ul className="facts-items">
        {terms.items.map((item) => (
          <li key={item.item} className="row">
            <Monogram
              text={findProvider(item.provider)?.label ?? item.provider}
              seed={item.provider}
              size="small"
            />
            <strong>{item.name}</strong>
          </li>
        ))}
      </ul>
    </dd>
    <dt>In</dt>
    <dd>
      {terms.vaultName} / {terms.environmentName}
    </dd>
    <dt>May</dt>
    <dd>{terms.mode === 'reveal' ? 'read the value' : 'use it through the broker, without seeing it'}</dd>
    <dt>How long</dt>
    <dd>{leaseWords(terms.lease)}</dd>
    {terms.models.length > 0 && (
      <>
        <dt>Models</dt>
        <dd>{terms.models.join(', ')}</dd>
      </>
    )}
  </>
)

/** Everything a request says, in words, from the very bytes that are hashed. */
export const RequestFacts = ({ detail }: { detail: RequestDetail }) => (
  <div className="facts-parts">
    <Part title="What is asked">
      <dl className="facts">
        {detail.terms === null ? (
          <>
            <dt>Change</dt>
            <dd>
              <ul className="facts-change">
                {detail.change.map((line, at) => (
                  // Two environments may have one name; their place is what tells the lines apart.
                  <li key={`${at}:${line}`}>{at === 0 ? <strong>{line}</strong> : line}</li>
                ))}
              </ul>
            </dd>
          </>
        ) : (
          <Terms terms={detail.terms} />
        )}
        <dt>Asked by</dt>
        <dd>
          {detail.row.requester.name}, on {detail.device}, {when(detail.row.createdAt)}
        </dd>
        {detail.tokenFor !== null && (
          <>
            <dt>Token works for</dt>
            <dd>
              {detail.tokenFor === 'this-program' ? (
                'only the program observed below'
              ) : (
                <Badge tone="warn">any program of that user</Badge>
              )}
            </dd>
          </>
        )}
        {detail.code !== null && (
          <>
            <dt>Code on their screen</dt>
            <dd className="facts-code mono">{detail.code}</dd>
          </>
        )}
        <dt>Policy</dt>
        <dd>
          {detail.policy} <span className="faint">(version {detail.policyVersion})</span>
        </dd>
      </dl>
    </Part>
    {detail.caller.length > 0 && (
      <Part title="The program, as observed on their computer">
        <dl className="facts">
          {detail.caller.map((fact) => (
            <div key={fact.label} className="fact">
              <dt>{fact.label}</dt>
              <dd className="mono">{fact.value}</dd>
            </div>
          ))}
        </dl>
      </Part>
    )}
    <Part title="Hash that is signed">
      <p className="hash mono">
        {detail.requestHash.split(' ').map((group, index) => (
          // Groups may repeat; their place is what tells them apart.
          <span key={`${index}:${group}`}>{group} </span>
        ))}
      </p>
    </Part>
  </div>
)
