import { findProvider } from '@countersign/schema/providers'
import { Fragment } from 'react'
import type { Choice } from './import-choices.ts'

interface ImportTableProps {
  /** The file's name. */
  file: string
  choices: readonly Choice[]
  onName: (row: number, name: string) => void
  onChoose: (row: number, chosen: boolean) => void
}

/** What the file’s variables become, before anything is added: which, and under which names. */
export const ImportTable = ({ file, choices, onName, onChoose }: ImportTableProps) => (
  <table className="table import-table">
    <thead>
      <tr>
        <th>
          <span className="visually-hidden">Import it</span>
        </th>
        <th>Name</th>
        <th>Provider</th>
        <th>From {file}</th>
      </tr>
    </thead>
    <tbody>
      {choices.map(({ row, name, chosen, problem }) => {
        const remarks = chosen ? [...(problem === undefined ? [] : [problem]), ...row.remarks] : []
        const provider = findProvider(row.provider)?.label ?? row.provider
        return (
          <tr key={row.row} data-chosen={chosen ? '' : undefined}>
            <td>
              <input
                type="checkbox"
                aria-label={`Import ${name}`}
                checked={chosen}
                onChange={(event) => onChoose(row.row, event.target.checked)}
              />
            </td>
            <td>
              <input
                className="input"
                aria-label={`Name of ${row.variables.map(({ variable }) => variable).join(', ')}`}
                aria-invalid={chosen && problem !== undefined}
                aria-describedby={`import-${row.row}-note`}
                spellCheck={false}
                value={name}
                onChange={(event) => onName(row.row, event.target.value)}
              />
              <div id={`import-${row.row}-note`}>
                {remarks.map((remark) => (
                  <div key={remark} className={remark === problem ? 'field-error' : 'field-warning'}>
                    {remark}
                  </div>
                ))}
                {!chosen && problem !== undefined && <div className="field-hint">{problem}</div>}
              </div>
            </td>
            <td>{provider}</td>
            <td className="mono">
              {row.variables.map(({ variable }) => (
                <div key={variable}>
                  {variable.split(/(?<=_)/).map((part, at) => (
                    <Fragment key={at}>
                      {part}
                      <wbr />
                    </Fragment>
                  ))}
                </div>
              ))}
            </td>
          </tr>
        )
      })}
    </tbody>
  </table>
)
