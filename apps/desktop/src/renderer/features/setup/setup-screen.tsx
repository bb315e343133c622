import { Check, MonitorSmartphone, Stamp, UserPlus } from 'lucide-react'
import { useState } from 'react'
import { useApp } from '../../data/app-store.ts'
import { Button } from '../../ui/button.tsx'
import { CreateTeam } from './create-team.tsx'
import { EnrolKeys } from './enrol-keys.tsx'
import { JoinTeam } from './join-team.tsx'
import { ReadInvite } from './read-invite.tsx'
import { ReadSheet } from './read-sheet.tsx'
import { TakeOver } from './take-over.tsx'
import './setup.css'

type Path = 'create' | 'join' | 'sheet'
type Step = 'choose' | 'create-keys' | 'create' | 'join-link' | 'join-keys' | 'join' | 'sheet' | 'sheet-open'

const order: Record<Path, { step: Step; label: string }[]> = {
  create: [
    { step: 'create-keys', label: 'Ways in' },
    { step: 'create', label: 'Team' },
  ],
  join: [
    { step: 'join-link', label: 'Invite' },
    { step: 'join-keys', label: 'Ways in' },
    { step: 'join', label: 'Confirm' },
  ],
  sheet: [
    { step: 'sheet', label: 'Sheet' },
    { step: 'sheet-open', label: 'Way in' },
  ],
}

const pathOf = (step: Step): Path =>
  step.startsWith('create') ? 'create' : step.startsWith('sheet') ? 'sheet' : 'join'

const Steps = ({ step }: { step: Step }) => {
  const steps = order[pathOf(step)]
  const at = steps.findIndex((each) => each.step === step)
  return (
    <ol className="steps">
      {steps.map((each, index) => (
        <li
          key={each.step}
          aria-current={index === at ? 'step' : undefined}
          data-done={index < at ? '' : undefined}
        >
          <i>{index < at ? <Check size={12} aria-label="done" /> : index + 1}</i>
          {each.label}
        </li>
      ))}
    </ol>
  )
}

/** First start: found a team, join one, or come back to one. Nothing secret is taken before two ways in are enrolled. */
export const SetupScreen = () => {
  const joining = useApp((state) => state.status?.phase === 'joining')
  const [step, setStep] = useState<Step>(joining ? 'join' : 'choose')
  const [sheet, setSheet] = useState({ text: '', server: '' })
  const startOver = (): void => {
    void window.countersign.call('setup.reset', {})
    setStep('choose')
  }
  return (
    <main className="centered">
      <div className="centered-card setup-card stack">
        {step === 'choose' ? (
          <>
            <div>
              <h1>Welcome to Countersign</h1>
              <p className="soft">
                Your team’s LLM API keys, opened only by hardware keys. What do you want to do?
              </p>
            </div>
            <button type="button" className="choice" onClick={() => setStep('create-keys')}>
              <Stamp size={20} aria-hidden />
              <span>
                <strong>Create a team</strong>
                <span className="soft">You have a sync server’s address and its set-up token.</span>
              </span>
            </button>
            <button type="button" className="choice" onClick={() => setStep('join-link')}>
              <UserPlus size={20} aria-hidden />
              <span>
                <strong>Join a team</strong>
                <span className="soft">Somebody sent you an invite link and is there to compare a code.</span>
              </span>
            </button>
            <button type="button" className="choice" onClick={() => setStep('sheet')}>
              <MonitorSmartphone size={20} aria-hidden />
              <span>
                <strong>I already have a team</strong>
                <span className="soft">
                  This is a new computer. You have your recovery sheet, and a security key or your recovery
                  code.
                </span>
              </span>
            </button>
          </>
        ) : (
          <>
            <Steps step={step} />
            {step === 'create-keys' && <EnrolKeys onDone={() => setStep('create')} />}
            {step === 'create' && <CreateTeam />}
            {step === 'join-link' && <ReadInvite onDone={() => setStep('join-keys')} />}
            {step === 'join-keys' && <EnrolKeys onDone={() => setStep('join')} />}
            {step === 'join' && <JoinTeam />}
            {step === 'sheet' && (
              <ReadSheet
                text={sheet.text}
                onText={(text) => setSheet({ text, server: '' })}
                onDone={(server) => {
                  setSheet({ ...sheet, server })
                  setStep('sheet-open')
                }}
              />
            )}
            {step === 'sheet-open' && <TakeOver text={sheet.text} server={sheet.server} />}
            <Button kind="quiet" size="small" onClick={startOver}>
              Start over
            </Button>
          </>
        )}
      </div>
    </main>
  )
}
