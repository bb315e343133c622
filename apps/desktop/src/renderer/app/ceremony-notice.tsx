import { Fingerprint } from 'lucide-react'
import { useApp } from '../data/app-store.ts'

/** While a security key is waited for in its own window. */
export const CeremonyNotice = () => {
  const purpose = useApp((state) => state.ceremony)
  if (purpose === null) return null
  return (
    <div className="ceremony-notice" role="status">
      <Fingerprint size={18} aria-hidden />
      <span>
        <strong>Touch your security key</strong> {purpose}
      </span>
    </div>
  )
}
