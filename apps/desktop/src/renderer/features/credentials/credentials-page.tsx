import { go, useApp } from '../../data/app-store.ts'
import { CredentialDetail } from './credential-detail.tsx'
import { CredentialList } from './credential-list.tsx'

export const CredentialsPage = () => {
  const open = useApp((state) => state.open)
  return open === null ? (
    <CredentialList />
  ) : (
    <CredentialDetail item={open} onBack={() => go('credentials')} />
  )
}
