import { findProvider, PROVIDERS } from '@countersign/schema/providers'
import { slugProblem } from '@countersign/schema/slug'
import { useState } from 'react'
import type { EnvironmentView } from '../../../shared/views.ts'
import { go } from '../../data/app-store.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SelectField, TextArea, TextField } from '../../ui/field.tsx'
import { Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'
import { useTyped } from './use-typed.ts'
import { ValueFields } from './value-fields.tsx'

interface AddCredentialProps {
  places: readonly (EnvironmentView & { vaultName: string })[]
  onClose: () => void
}

export const AddCredential = ({ places, onClose }: AddCredentialProps) => {
  const create = useTyped('item.create')
  const [providerId, setProviderId] = useState('openai')
  const [environment, setEnvironment] = useState(places[0]?.environment ?? '')
  const [name, setName] = useState('openai')
  const [named, setNamed] = useState(false)
  const [value, setValue] = useState<Record<string, string>>({})
  const [note, setNote] = useState('')
  const provider = findProvider(providerId)
  if (provider === undefined) return null
  const missing = provider.fields.some((field) => !field.optional && (value[field.name] ?? '') === '')
  const save = async (): Promise<void> => {
    const filled = Object.fromEntries(Object.entries(value).filter(([, text]) => text !== ''))
    const item = await create.run(filled, (sealed) => ({
      environment,
      name: name.trim(),
      provider: providerId,
      value: sealed,
      note,
      models: [],
    }))
    if (item === null) return
    toast('good', `${item.row.name} added`, item.reference)
    onClose()
    go('credentials', item.row.item)
  }
  return (
    <Dialog
      title="Add a credential"
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            submit
            busy={create.busy}
            disabled={
              missing || name.trim() === '' || slugProblem(name.trim()) !== undefined || environment === ''
            }
          >
            Add credential
          </Button>
        </>
      }
    >
      <SelectField
        label="Provider"
        value={providerId}
        onChange={(event) => {
          setProviderId(event.target.value)
          setValue({})
          if (!named) setName(event.target.value)
        }}
      >
        {PROVIDERS.map((each) => (
          <option key={each.id} value={each.id}>
            {each.label}
          </option>
        ))}
      </SelectField>
      <SelectField label="Where" value={environment} onChange={(event) => setEnvironment(event.target.value)}>
        {places.map((place) => (
          <option key={place.environment} value={place.environment}>
            {place.vaultName} / {place.name}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Name"
        error={slugProblem(name.trim())}
        value={name}
        hint="As it stands in references: lower-case letters, digits, dots, dashes."
        onChange={(event) => {
          setNamed(true)
          setName(event.target.value)
        }}
      />
      <ValueFields
        provider={provider}
        value={value}
        onChange={(field, text) => setValue({ ...value, [field]: text })}
      />
      <TextArea
        label="Note (optional)"
        rows={2}
        value={note}
        maxLength={2000}
        onChange={(event) => setNote(event.target.value)}
      />
      {create.error !== null && <Refusal error={create.error} />}
    </Dialog>
  )
}
