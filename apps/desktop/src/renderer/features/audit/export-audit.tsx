import { useState } from 'react'
import { useApp } from '../../data/app-store.ts'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ExportProgress } from '../../ui/export-progress.tsx'
import { CheckField } from '../../ui/field.tsx'
import { when } from '../../ui/format.ts'
import { Notice, Refusal } from '../../ui/notice.tsx'

/** Writes the whole signed history to one file that anybody can check without Countersign's server or keys. */
export const ExportAudit = ({ auditor, onClose }: { auditor: boolean; onClose: () => void }) => {
  const [records, setRecords] = useState(false)
  const genesis = useApp((state) => state.status?.genesis ?? null)
  const setAside = useApp((state) => state.status?.setAside ?? null)
  const start = useAction('export.audit')
  const evidence = useAction('export.evidence')
  return (
    <Dialog
      title="Export the audit"
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button kind="primary" busy={start.busy} onClick={() => void start.run({ records })}>
            Choose a file
          </Button>
        </>
      }
    >
      <p>
        One file with every signed entry this computer has, the devices’ statements of what they saw, and this
        computer’s signature over all of it. It holds no key and no readable value. Check it anywhere,
        offline: <code>countersign audit verify FILE</code>. It names the team’s first entry; compare it with
        this:
      </p>
      {genesis !== null && (
        <dl className="facts">
          <dt>First entry</dt>
          <dd className="mono">{genesis}</dd>
        </dl>
      )}
      <CheckField
        label="Open the records for whoever reads the file"
        hint={
          auditor
            ? 'Names, reasons, policies, and who read what. Without it only requests and approvals are readable, so that every touch can be checked.'
            : 'Names, reasons and policies. Who read what opens for auditors only.'
        }
        checked={records}
        onChange={(event) => setRecords(event.target.checked)}
      />
      {setAside !== null && (
        <Notice
          title="Evidence of an alarm that was set aside"
          action={
            <Button size="small" busy={evidence.busy} onClick={() => void evidence.run({})}>
              Save it
            </Button>
          }
        >
          Sounded on {when(setAside)}. It is kept here until there is another.
        </Notice>
      )}
      {start.error !== null && <Refusal error={start.error} />}
      {evidence.error !== null && <Refusal error={evidence.error} />}
      <ExportProgress kind="audit" />
      <ExportProgress kind="evidence" />
    </Dialog>
  )
}
