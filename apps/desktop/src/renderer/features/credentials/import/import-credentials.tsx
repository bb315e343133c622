import { useState } from 'react'
import type { EnvironmentView, ImportView, ItemRow } from '../../../../shared/views.ts'
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

/** From an env file to credentials: choose the file, choose among what is in it, watch it being added. */
export const ImportCredentials = ({ places, items, onClose }: ImportCredentialsProps) => {
  const loaded = useLoaded('import.state', {}, ['import'])
  const choose = useAction('import.choose')
  const start = useAction('import.start')
  const cancel = useAction('import.cancel')
  // An import that ended before this dialog was opened is not what it is about.
  const [begun, setBegun] = useState(false)
  const [environment, setEnvironment] = useState(places[0]?.environment ?? '')
  const [edits, setEdits] = useState<Edits>({})
  const last = loaded.state === 'ready' ? loaded.value.import : null
  const view: ImportView | null = begun || last?.state === 'running' ? last : null
  const place = places.find((each) => each.environment === environment)
  const choices = choicesOf(view?.rows ?? [], edits, items, environment)
  const chosen = choices.filter((each) => each.chosen)
  const edit = (row: number, change: Edits[number]): void =>
    setEdits({ ...edits, [row]: { ...edits[row], ...change } })
  const openFile = async (): Promise<void> => {
    setEdits({})
    if ((await choose.run({})) !== null) setBegun(true)
  }
  const add = (): void =>
    void start.run({ environment, rows: chosen.map(({ row, name }) => ({ row: row.row, name })) })
  const close = (): void => {
    // What goes on without the dialog would be an import nobody watches; what is ready holds values nobody wants.
    void cancel.run({})
    onClose()
  }
  const ended = view?.state === 'done' || (view?.state === 'cancelled' && view.total > 0)
  const chooser = (
    <Button
      kind={view === null || view.state === 'failed' || view.state === 'cancelled' ? 'primary' : 'plain'}
      busy={choose.busy || view?.state === 'choosing'}
      onClick={() => void openFile()}
    >
      {view === null ? 'Choose a file' : 'Choose another file'}
    </Button>
  )
  const foot = ended ? (
    <Button kind="primary" onClick={close}>
      Close
    </Button>
  ) : view?.state === 'running' ? (
    <Button busy={cancel.busy} onClick={() => void cancel.run({})}>
      Stop
    </Button>
  ) : (
    <>
      <Button onClick={close}>Cancel</Button>
      {chooser}
      {view?.state === 'ready' && view.rows.length > 0 && (
        <Button
          kind="primary"
          busy={start.busy}
          disabled={chosen.length === 0 || chosen.some(({ problem }) => problem !== undefined)}
          onClick={add}
        >
          Import {plural(chosen.length, 'credential')}
        </Button>
      )}
    </>
  )
  return (
    <Dialog title="Import from an env file" wide onClose={close} foot={foot}>
      {(view === null || view.state === 'choosing' || (view.state === 'cancelled' && !ended)) && (
        <Explanation />
      )}
      {view?.state === 'failed' && view.error !== null && (
        <>
          <Refusal error={view.error} />
          <Explanation />
        </>
      )}
      {view?.state === 'ready' && (
        <>
          <SelectField
            label="Where"
            value={environment}
            onChange={(event) => setEnvironment(event.target.value)}
          >
            {places.map((each) => (
              <option key={each.environment} value={each.environment}>
                {each.vaultName} / {each.name}
              </option>
            ))}
          </SelectField>
          {view.rows.length === 0 ? (
            <Notice title={`No credential in ${view.file ?? 'the file'}`}>
              None of its variables is one that a provider’s SDK reads, or is called a key, token or secret.
            </Notice>
          ) : (
            <ImportTable
              file={view.file ?? 'the file'}
              choices={choices}
              onName={(row, name) => edit(row, { name })}
              onChoose={(row, chosen) => edit(row, { chosen })}
            />
          )}
          <SkippedVariables skipped={view.skipped} />
        </>
      )}
      {view?.state === 'running' && (
        <Notice title="Adding credentials">
          <progress max={Math.max(1, view.total)} value={view.done} aria-label="Credentials added" />{' '}
          {view.done} of {view.total}
        </Notice>
      )}
      {ended && view !== null && (
        <ImportResult view={view} place={`${place?.vaultName ?? ''}/${place?.name ?? ''}`} />
      )}
      {choose.error !== null && <Refusal error={choose.error} />}
      {start.error !== null && <Refusal error={start.error} />}
    </Dialog>
  )
}
