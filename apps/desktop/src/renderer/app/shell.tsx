import {
  FileClock,
  Inbox,
  KeyRound,
  Lock,
  type LucideIcon,
  Settings,
  ShieldCheck,
  SquareTerminal,
  Users,
} from 'lucide-react'
import type { StatusView } from '../../shared/views.ts'
import { go, type Page, useApp } from '../data/app-store.ts'
import { AppsPage } from '../features/apps/apps-page.tsx'
import { AuditPage } from '../features/audit/audit-page.tsx'
import { CredentialsPage } from '../features/credentials/credentials-page.tsx'
import { MembersPage } from '../features/members/members-page.tsx'
import { WorklistNotice } from '../features/members/worklist-notice.tsx'
import { PoliciesPage } from '../features/policies/policies-page.tsx'
import { RequestsPage } from '../features/requests/requests-page.tsx'
import { SettingsPage } from '../features/settings/settings-page.tsx'
import { Button } from '../ui/button.tsx'
import { Mark } from '../ui/mark.tsx'
import { useShortcuts } from '../ui/use-shortcuts.ts'
import { Freshness } from './freshness.tsx'
import { LostComputerNotice } from './lost-computer-notice.tsx'
import { ModeBanner } from './mode-banner.tsx'
import { TakeoverBanner } from './takeover-banner.tsx'

const pages: readonly { page: Page; label: string; icon: LucideIcon }[] = [
  { page: 'credentials', label: 'Credentials', icon: KeyRound },
  { page: 'requests', label: 'Requests', icon: Inbox },
  { page: 'apps', label: 'Programs', icon: SquareTerminal },
  { page: 'members', label: 'Members', icon: Users },
  { page: 'policies', label: 'Policies', icon: ShieldCheck },
  { page: 'audit', label: 'Audit', icon: FileClock },
  { page: 'settings', label: 'Settings', icon: Settings },
]

const screens: Record<Page, () => React.ReactNode> = {
  credentials: CredentialsPage,
  requests: RequestsPage,
  apps: AppsPage,
  members: MembersPage,
  policies: PoliciesPage,
  audit: AuditPage,
  settings: SettingsPage,
}

/** The digits go to the pages, in the order of the list. */
const pageKeys = Object.fromEntries(pages.map(({ page }, index) => [String(index + 1), () => go(page)]))

export const Shell = ({ status }: { status: StatusView }) => {
  const page = useApp((state) => state.page)
  const Current = screens[page]
  useShortcuts(pageKeys)
  return (
    <div className="shell">
      <nav className="sidebar" aria-label="Main">
        <div className="sidebar-team">
          <Mark />
          <span className="clip" title={status.team ?? undefined}>
            {status.team}
          </span>
        </div>
        <ul className="sidebar-pages">
          {pages.map(({ page: each, label, icon: Icon }, index) => (
            <li key={each}>
              <button
                type="button"
                className="nav"
                aria-current={each === page ? 'page' : undefined}
                aria-keyshortcuts={String(index + 1)}
                title={`${label} (${index + 1})`}
                onClick={() => go(each)}
              >
                <Icon size={16} aria-hidden />
                <span className="grow">{label}</span>
                {each === 'requests' && status.waitingRequests > 0 && (
                  <span className="nav-count" role="img" aria-label={`${status.waitingRequests} waiting`}>
                    {status.waitingRequests}
                  </span>
                )}
              </button>
            </li>
          ))}
        </ul>
        <Freshness status={status} />
        <div className="sidebar-foot">
          <div className="grow">
            <div className="clip">{status.me?.name}</div>
            <div className="faint clip">{status.me?.roles.join(', ')}</div>
          </div>
          <Button
            kind="quiet"
            size="small"
            iconOnly
            aria-label="Lock (Ctrl+L)"
            title="Lock (Ctrl+L)"
            onClick={() => void window.countersign.lock()}
          >
            <Lock size={15} aria-hidden />
          </Button>
        </div>
      </nav>
      <main className="content">
        <ModeBanner status={status} />
        <TakeoverBanner unconfirmed={status.unconfirmed} />
        <LostComputerNotice status={status} />
        <WorklistNotice />
        <div className="content-page">
          <Current />
        </div>
      </main>
    </div>
  )
}
