import { environmentOf } from '@countersign/schema/providers'
import { useState } from 'react'
import type { ItemDetail } from '../../../shared/views.ts'
import { useApp } from '../../data/app-store.ts'
import { Segmented } from '../../ui/segmented.tsx'

/** How a program gets this credential, ready to copy: no value in any of them. */
export const Snippets = ({ detail }: { detail: ItemDetail }) => {
  const [way, setWay] = useState<'run' | 'read' | 'http'>('run')
  const url = useApp((state) => state.status?.localApi?.url ?? 'http://127.0.0.1:PORT')
  const { row, reference } = detail
  const names = environmentOf(
    row.provider,
    detail.fields.map((field) => field.name),
  )
  const [env, field] = Object.entries(names)[0] ?? ['API_KEY', detail.fields[0]?.name ?? 'value']
  const bind = `countersign bind --vault ${row.vaultName} --env ${row.environmentName} --item ${row.name} --reason "why"`
  const text = {
    run: `${bind}\ncountersign run --set ${env}=${reference}/${field} -- your-program`,
    read: `${bind}\ncountersign read ${reference}/${field}`,
    http: `curl -H "Authorization: Bearer $COUNTERSIGN_TOKEN" \\\n  ${url}/v1/credentials/${row.vaultName}/${row.environmentName}/${row.name}`,
  }[way]
  return (
    <div className="card">
      <div className="card-head">
        <h2 className="grow">Use it</h2>
        <Segmented
          label="How"
          value={way}
          onChange={setWay}
          options={[
            { value: 'run', label: 'Run a program' },
            { value: 'read', label: 'Read' },
            { value: 'http', label: 'HTTP' },
          ]}
        />
      </div>
      <div className="card-body stack">
        <div className="field">
          <span className="field-label">Reference</span>
          <code className="snippet" data-testid="reference">
            {reference}
          </code>
        </div>
        <div className="field">
          <span className="field-label">In a terminal</span>
          <code className="snippet" data-testid="snippet">
            {text}
          </code>
          <span className="field-hint">
            A click selects it whole; neither holds the value. Served while this app is unlocked: what runs
            unattended belongs on a headless agent.
          </span>
        </div>
      </div>
    </div>
  )
}
