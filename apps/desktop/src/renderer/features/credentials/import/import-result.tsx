import { formatReference } from '@countersign/schema/reference'
import type { ImportView } from '../../../../shared/job-views.ts'
import { TextArea } from '../../../ui/field.tsx'
import { plural } from '../../../ui/format.ts'
import { Notice, Refusal } from '../../../ui/notice.tsx'

interface ImportResultProps {
  view: ImportView
  /** Where it was added, by the names that references have. */
  vault: string
  environment: string
}

/** What was added and what was not, and what the file can hold instead of the values. */
export const ImportResult = ({ view, vault, environment }: ImportResultProps) => {
  const added = view.rows.filter(({ result }) => result?.ok === true)
  const refused = view.rows.flatMap(({ row, name, result }) =>
    result?.ok === false ? [{ row, name, error: result.error }] : [],
  )
  const left = view.total - added.length - refused.length
  const lines = added.flatMap(({ name, variables }) =>
    variables.map(({ variable, field }) => {
      const reference = formatReference({ vault, environment, item: name, field, version: null })
      return `${variable}=${reference}`
    }),
  )
  return (
    <>
      {added.length > 0 && (
        <Notice
          tone="good"
          title={`${plural(added.length, 'credential')} added to ${vault}/${environment}`}
        />
      )}
      {view.error !== null && <Refusal error={view.error} />}
      {left > 0 && (
        <Notice title={`${plural(left, 'credential')} not added`}>
          The same file can be imported again: what is there stays as it is.
        </Notice>
      )}
      {refused.map(({ row, name, error }) => (
        <Notice key={row} tone="warn" title={`${name} was not added: ${error.message}`}>
          {error.fix}
        </Notice>
      ))}
      {lines.length > 0 && (
        <>
          <Notice tone="warn" title={`The values still stand in ${view.file ?? 'the file'}`}>
            Put the lines below in their place; <code>countersign run --env-file</code> fills them in for
            programs that may read them. A value that lay in a file may have been copied: rotate it at its
            provider when you can.
          </Notice>
          <TextArea
            label="Instead of the values"
            className="mono"
            readOnly
            rows={Math.min(8, Math.max(3, lines.length))}
            value={lines.join('\n')}
            onFocus={(event) => event.target.select()}
          />
        </>
      )}
    </>
  )
}
