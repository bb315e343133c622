import { useForm } from 'react-hook-form'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Refusal } from '../../ui/notice.tsx'

interface Fields {
  server: string
  setupToken: string
  team: string
  name: string
  device: string
}

export const CreateTeam = () => {
  const create = useAction('team.create')
  const form = useForm<Fields>({
    defaultValues: {
      server: 'http://127.0.0.1:8743',
      setupToken: '',
      team: '',
      name: '',
      device: 'This computer',
    },
  })
  const required = { validate: (value: string) => value.trim() !== '' || 'Fill this in.' }
  const errors = form.formState.errors
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => void form.handleSubmit(async (fields) => void (await create.run(fields)))(event)}
    >
      <div>
        <h1>Your team</h1>
        <p className="soft">
          The server stores only what it cannot read. Its operator gave you the token; it works once.
        </p>
      </div>
      <TextField label="Sync server" error={errors.server?.message} {...form.register('server', required)} />
      <TextField
        label="Set-up token"
        type="password"
        className="mono"
        error={errors.setupToken?.message}
        {...form.register('setupToken', required)}
      />
      <TextField
        label="Team name"
        placeholder="Acme AI platform"
        error={errors.team?.message}
        {...form.register('team', required)}
      />
      <TextField label="Your name" error={errors.name?.message} {...form.register('name', required)} />
      <TextField
        label="Name of this computer"
        error={errors.device?.message}
        {...form.register('device', required)}
      />
      {create.error !== null && <Refusal error={create.error} />}
      <Button kind="primary" submit busy={create.busy}>
        {create.busy ? 'Creating…' : 'Create team'}
      </Button>
    </form>
  )
}
