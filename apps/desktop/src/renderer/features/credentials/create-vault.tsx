import { slugProblem } from '@countersign/schema/slug'
import { useState } from 'react'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'

export const CreateVault = ({ onClose }: { onClose: () => void }) => {
  const create = useAction('vault.create')
  const [name, setName] = useState('')
  const [environments, setEnvironments] = useState('development, staging, production')
  const save = async (): Promise<void> => {
    const list = environments.split(/[\s,]+/).filter((each) => each !== '')
    const vault = await create.run({ name: name.trim(), environments: list })
    if (vault === null) return
    toast('good', `Vault ${vault.name} created`)
    onClose()
  }
  return (
    <Dialog
      title="New vault"
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            submit
            busy={create.busy}
            disabled={name.trim() === '' || slugProblem(name.trim()) !== undefined}
          >
            Create vault
          </Button>
        </>
      }
    >
      <TextField
        label="Name"
        placeholder="llm"
        hint="As it stands in references: lower-case letters, digits, dots, dashes."
        error={slugProblem(name.trim())}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="Environments"
        hint="Each gets a key of its own: production is a different key, not a filter."
        value={environments}
        onChange={(event) => setEnvironments(event.target.value)}
      />
      {create.error !== null && <Refusal error={create.error} />}
    </Dialog>
  )
}
