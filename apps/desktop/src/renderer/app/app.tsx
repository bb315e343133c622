import { useEffect } from 'react'
import { useApp } from '../data/app-store.ts'
import { SetupScreen } from '../features/setup/setup-screen.tsx'
import { UnlockScreen } from '../features/unlock/unlock-screen.tsx'
import { Toasts } from '../ui/toasts.tsx'
import { AlarmScreen } from './alarm-screen.tsx'
import { CeremonyNotice } from './ceremony-notice.tsx'
import { Shell } from './shell.tsx'
import { StartFailure, Starting } from './start-screen.tsx'
import { TryOutStripe } from './try-out-stripe.tsx'

const Screen = () => {
  const status = useApp((state) => state.status)
  const failure = useApp((state) => state.failure)
  if (status === null) return failure === null ? <Starting /> : <StartFailure error={failure} />
  switch (status.phase) {
    case 'empty':
    case 'joining':
      return <SetupScreen />
    case 'locked':
      return <UnlockScreen status={status} />
    case 'unlocked':
      return <Shell status={status} />
    case 'removed':
    case 'alarm':
      return <AlarmScreen status={status} />
  }
}

export const App = () => {
  const tryOut = useApp((state) => state.status?.tryOut ?? false)
  const unlocked = useApp((state) => state.status?.phase === 'unlocked')
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'l' || !(event.ctrlKey || event.metaKey) || !unlocked) return
      event.preventDefault()
      void window.countersign.lock()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [unlocked])
  return (
    <div className="frame">
      {tryOut && <TryOutStripe />}
      <div className="frame-body">
        <Screen />
      </div>
      <CeremonyNotice />
      <Toasts />
    </div>
  )
}
