import { Eye, EyeOff } from 'lucide-react'
import type { ChoicesView } from '../../../shared/views.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { when } from '../../ui/format.ts'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'
import { MaskedValue } from './masked-value.tsx'
import { useReveal } from './use-reveal.ts'

type Choice = ChoicesView['choices'][number]

const words: Record<Choice['kind'], { badge: string; what: string }> = {
  current: { badge: 'current', what: 'What everybody reads now.' },
  beside: { badge: 'written beside it', what: 'It was written on a version that had been replaced.' },
  offline: {
    badge: 'yours, offline',
    what: 'You wrote it offline, and somebody else was faster. Only you see it.',
  },
}

const ChoiceField = ({
  item,
  choice,
  field,
  mayReveal,
}: {
  item: string
  choice: Choice
  field: Choice['fields'][number]
  mayReveal: boolean
}) => {
  const reveal = useAction('item.revealChoice')
  const { shown, leftMs, toggle } = useReveal((to) =>
    reveal.run({ item, choice: choice.choice, field: field.name, to }),
  )
  const label = `${shown === null ? 'Reveal' : 'Hide'} ${field.label} of ${words[choice.kind].badge}`
  return (
    <div className="choice-field">
      <span className="soft">{field.label}</span>
      <div className="row">
        <div className="grow">
          <MaskedValue shown={shown} leftMs={leftMs} />
        </div>
        <Button
          kind="quiet"
          size="small"
          iconOnly
          disabled={!mayReveal}
          busy={reveal.busy}
          aria-label={label}
          onClick={toggle}
        >
          {shown === null ? <Eye size={15} aria-hidden /> : <EyeOff size={15} aria-hidden />}
        </Button>
      </div>
      {reveal.error !== null && (
        <div className="field-error" role="alert">
          {reveal.error.message} {reveal.error.fix}
        </div>
      )}
    </div>
  )
}

/** What is no secret and not the same in all of them; whether values differ nobody can say without opening them. */
const differingIn = (choices: readonly Choice[]): ReadonlySet<'note' | 'models'> => {
  const kept = choices.filter(({ deleted }) => !deleted)
  const differ = (of: (choice: Choice) => string): boolean => new Set(kept.map(of)).size > 1
  return new Set([
    ...(differ(({ note }) => note) ? (['note'] as const) : []),
    ...(differ(({ models }) => models.join()) ? (['models'] as const) : []),
  ])
}

const ChoiceCard = ({
  item,
  choice,
  differing,
  mayChoose,
  busy,
  onChoose,
}: {
  item: string
  choice: Choice
  differing: ReadonlySet<'note' | 'models'>
  mayChoose: boolean
  busy: boolean
  onChoose: () => void
}) => (
  <article className="choice-card" aria-label={words[choice.kind].badge}>
    <header className="row">
      <strong className="grow clip">{choice.by.name}</strong>
      <Badge tone={choice.kind === 'current' ? 'accent' : 'warn'}>{words[choice.kind].badge}</Badge>
    </header>
    <div className="faint">
      {choice.kind === 'current' ? `Version ${choice.version}, ${when(choice.at)}` : when(choice.at)}
    </div>
    <p className="soft">{words[choice.kind].what}</p>
    {choice.deleted ? (
      <p>Deletes the credential.</p>
    ) : (
      <>
        {choice.fields.map((field) => (
          <ChoiceField key={field.name} item={item} choice={choice} field={field} mayReveal={mayChoose} />
        ))}
        <div className="choice-field">
          <span className="soft">Note {differing.has('note') && <Badge tone="warn">differs</Badge>}</span>
          <span className="detail-note">{choice.note === '' ? '–' : choice.note}</span>
        </div>
        <div className="choice-field">
          <span className="soft">Models {differing.has('models') && <Badge tone="warn">differs</Badge>}</span>
          <span>{choice.models.length === 0 ? 'all' : choice.models.join(', ')}</span>
        </div>
      </>
    )}
    {mayChoose && (
      <Button kind={choice.deleted ? 'danger' : 'plain'} busy={busy} onClick={onChoose}>
        {choice.kind === 'current' ? 'Keep this one' : choice.deleted ? 'Delete it' : 'Use this one'}
      </Button>
    )}
  </article>
)

/** Versions written beside each other, side by side; one is chosen and becomes the next version (P19). */
export const ChooseVersion = ({
  item,
  mayChoose,
  onDeleted,
}: {
  item: string
  mayChoose: boolean
  onDeleted: () => void
}) => {
  const loaded = useLoaded('item.choices', { item }, ['items'])
  const settle = useAction('item.settle')
  if (loaded.state === 'failed') return <Refusal error={loaded.error} onRetry={loaded.reload} />
  if (loaded.state === 'loading' || loaded.value.choices.length < 2) return null
  const { base, choices } = loaded.value
  const differing = differingIn(choices)
  const choose = async (choice: string): Promise<void> => {
    const done = await settle.run({ item, base, choice })
    if (done === null) return
    if (done.deleted) return onDeleted()
    toast('good', 'The conflict is settled', 'What you chose is what everybody reads.')
  }
  return (
    <section className="card" aria-label="Choose a version">
      <div className="card-head">
        <h2 className="grow">Two people changed this at the same time</h2>
        <Badge tone="bad">choose a version</Badge>
      </div>
      <div className="card-body stack">
        {!mayChoose && (
          <Notice>Somebody who holds this environment chooses. Until then the current version counts.</Notice>
        )}
        <div className="choices">
          {choices.map((choice) => (
            <ChoiceCard
              key={choice.choice}
              item={item}
              choice={choice}
              differing={differing}
              mayChoose={mayChoose}
              busy={settle.busy}
              onChoose={() => void choose(choice.choice)}
            />
          ))}
        </div>
        {settle.error !== null && <Refusal error={settle.error} onRetry={loaded.reload} />}
      </div>
    </section>
  )
}
