import { useEffect, useState } from 'react'
import type { ImportView } from '../../../../shared/job-views.ts'
import type { EnvironmentView, ItemRow } from '../../../../shared/views.ts'
import { useAction, useLoaded } from '../../../data/use-call.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { SelectField } from '../../../ui/field.tsx'
import { plural } from '../../../ui/format.ts'
import { Notice, Refusal } from '../../../ui/notice.tsx'
import { choicesOf, type Edits } from './import-choices.ts'
import { ImportResult } from './import-result.tsx'
import { ImportTable } from './import-table.tsx'
import { SkippedVariables } from './skipped-variables.tsx'
import './import.css'

interface ImportCredentialsProps {
  places: readonly (EnvironmentView & { vaultName: string })[]
  /** What is there already, so that no name is offered twice. */
  items: readonly ItemRow[]
  onClose: () => void
}

const Explanation = () => (
  <>
    <p>
      Choose an env file, such as <code>.env</code>, or one that another tool wrote (Doppler, Infisical and
      Phase do). Its variables are sorted into credentials by their names, and you say which of them to add.
    </p>
    <p>
      The values go from the file into the encrypted vault. No window sees them, and the file stays as it is.
    </p>
  </>
)

/** Typing begins here as soon as it is there. */
const focused = (element: HTMLSelectElement | null): void => element?.focus()

const wordsOf = (view: ImportView): string =>
  view.skipped.every(({ why }) => why === 'reference')
    ? 'All it holds are references to Countersign already.'
    : 'None of its variables has a value and a name that a provider’s SDK reads, or that of a key, token, secret or password.'

/** From an env file to credentials: choose the file, choose among what is in it, watch it being added. */
export const ImportCredentials = ({ places, items, onClose }: ImportCredentialsProps) => {
  const loaded = useLoaded('import.state', {}, ['import'])
  const choose = useAction('import.choose')
  const start = useAction('import.start')
  const cancel = useAction('import.cancel')
  // An import that ended before this dialog was opened is not what it is about.
  const [id, setId] = useState<string | null>(null)
  const [environment, setEnvironment] = useState(places[0]?.environment ?? '')
  const [edits, setEdits] = useState<Edits>({})
  const last = loaded.state === 'ready' ? loaded.value.import : null
  const view = last !== null && last.id === id ? last : null
  // Whatever takes the dialog away, a lock or an alarm too, lets go of the values.
  useEffect(() => () => void window.countersign.call('import.cancel', {}).catch(() => undefined), [])

  const choices = choicesOf(view?.rows ?? [], edits, items, environment)
  const chosen = choices.filter((each) => each.chosen)
  const problems = chosen.filter(({ problem }) => problem !== undefined).length
  const edit = (row: number, change: Edits[number]): void =>
    setEdits({ ...edits, [row]: { ...edits[row], ...change } })
  const openFile = async (): Promise<void> => {
    setEdits({})
    start.clear()
    setId((await choose.run({}))?.id ?? null)
  }
  const add = (): void => {
    if (view === null) return
    const rows = chosen.map(({ row, name }) => ({ row: row.row, name }))
    void start.run({ id: view.id, environment, rows })
  }
  const running = view?.state === 'running'
  const ended = view?.state === 'done' || (view?.state === 'cancelled' && view.total > 0)
  const choosing = view?.state === 'choosing'
  // What was added so far is to be read before the dialog goes.
  const close = (): void => (running ? void cancel.run({}) : onClose())
  const place = places.find((each) => each.environment === view?.environment)
  const rows = view?.state === 'ready' ? view.rows.length : 0
  const foot = ended ? (
    <Button kind="primary" onClick={onClose}>
      Close
    </Button>
  ) : running ? (
    <div className="apart">
      <Button busy={cancel.busy} onClick={() => void cancel.run({})}>
        Stop
      </Button>
    </div>
  ) : (
    <>
      {problems > 0 && (
        <span className="field-error apart import-problems">{plural(problems, 'name')} to change above</span>
      )}
      <Button onClick={onClose}>Cancel</Button>
      <Button
        kind={rows > 0 ? 'plain' : 'primary'}
        busy={choose.busy || choosing}
        onClick={() => void openFile()}
      >
        {view?.file == null ? 'Choose a file' : 'Choose another file'}
      </Button>
      {rows > 0 && (
        <Button kind="primary" busy={start.busy} disabled={chosen.length === 0 || problems > 0} onClick={add}>
          Import {plural(chosen.length, 'credential')}
        </Button>
      )}
    </>
  )
  return (
    <Dialog title="Import from an env file" wide onClose={close} foot={foot}>
      {view?.state === 'failed' && view.error !== null && <Refusal error={view.error} />}
      {!ended && !running && view?.state !== 'ready' && <Explanation />}
      {view?.state === 'ready' && (
        <>
          <SelectField
            label="Where"
            ref={focused}
            value={environment}
            onChange={(event) => setEnvironment(event.target.value)}
          >
            {places.map((each) => (
              <option key={each.environment} value={each.environment}>
                {each.vaultName} / {each.name}
              </option>
            ))}
          </SelectField>
          {rows === 0 ? (
            <Notice title={`No credential in ${view.file ?? 'the file'}`}>{wordsOf(view)}</Notice>
          ) : (
            <ImportTable
              file={view.file ?? 'the file'}
              choices={choices}
              onName={(row, name) => edit(row, { name })}
              onChoose={(row, chosen) => edit(row, { chosen })}
            />
          )}
          <SkippedVariables skipped={view.skipped} open={rows === 0} />
        </>
      )}
      {running && view !== null && (
        <div className="import-progress">
          <strong>Adding credentials</strong>
          <progress max={Math.max(1, view.total)} value={view.done} aria-label="Credentials added" />
          <span className="soft">
            {view.done} of {view.total}
          </span>
        </div>
      )}
      {ended && view !== null && (
        <ImportResult view={view} vault={place?.vaultName ?? ''} environment={place?.name ?? ''} />
      )}
      {choose.error !== null && <Refusal error={choose.error} />}
      {start.error !== null && <Refusal error={start.error} />}
    </Dialog>
  )
}
