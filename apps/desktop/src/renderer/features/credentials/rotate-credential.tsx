import { findProvider } from '@countersign/schema/providers'
import { useState } from 'react'
import type { ItemDetail } from '../../../shared/views.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'
import { useTyped } from './use-typed.ts'
import { ValueFields } from './value-fields.tsx'

export const RotateCredential = ({ detail, onClose }: { detail: ItemDetail; onClose: () => void }) => {
  const update = useTyped('item.update')
  const [value, setValue] = useState<Record<string, string>>({})
  const provider = findProvider(detail.row.provider)
  if (provider === undefined) return null
  const changed = Object.fromEntries(Object.entries(value).filter(([, text]) => text !== ''))
  const save = async (): Promise<void> => {
    const { item, version } = detail.row
    const done = await update.run(changed, (sealed) => ({ item, base: version, value: sealed }))
    if (done === null) return
    toast('good', `${detail.row.name} rotated`, `Version ${done.row.version}; programs hear of it at once.`)
    onClose()
  }
  return (
    <Dialog
      title={`Rotate ${detail.row.name}`}
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" submit busy={update.busy} disabled={Object.keys(changed).length === 0}>
            Save new version
          </Button>
        </>
      }
    >
      <Notice>
        Make the new key at the provider first.{' '}
        {detail.bindings.length > 0 &&
          `${detail.bindings.length} bound ${detail.bindings.length === 1 ? 'program gets' : 'programs get'} it at once. `}
        Revoke the old one there once everybody has moved.
      </Notice>
      <ValueFields
        provider={provider}
        value={value}
        keep
        onChange={(field, text) => setValue({ ...value, [field]: text })}
      />
      {update.error !== null && <Refusal error={update.error} />}
    </Dialog>
  )
}
