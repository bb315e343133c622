import { KeyRound, Laptop, ScrollText } from 'lucide-react'
import type { MemberView } from '../../../shared/views.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ago } from '../../ui/format.ts'
import { Monogram } from '../../ui/monogram.tsx'

interface MemberCardProps {
  member: MemberView
  now: number
  /** Null where this person may not change members. */
  onChange: (() => void) | null
  onLostKey: (() => void) | null
  onRemove: (() => void) | null
}

/** A person: what proves who they are, and what they come in with. What they may do stands in the matrix. */
export const MemberCard = ({ member, now, onChange, onLostKey, onRemove }: MemberCardProps) => (
  <article className="member" aria-label={member.name} data-state={member.state}>
    <Monogram text={member.name} seed={member.member} />
    <div className="member-text">
      <div className="row">
        <h3 className="clip" title={member.name}>
          {member.name}
        </h3>
        {member.me && <span className="faint">you</span>}
        {member.roles.map((role) => (
          <Badge key={role} tone={role === 'admin' ? 'accent' : 'neutral'}>
            {role}
          </Badge>
        ))}
        {member.state === 'removed' && <Badge tone="bad">removed</Badge>}
        <span
          className="member-fingerprint faint mono"
          title="Fingerprint of their keys: compare it by voice"
        >
          {member.fingerprint}
        </span>
      </div>
      <ul className="member-ways soft">
        {member.keys.map((key) => (
          <li key={key.label} data-retired={key.retired ? '' : undefined}>
            <KeyRound size={14} aria-hidden />
            <span>{key.label}</span>
            {key.software && <Badge tone="warn">software</Badge>}
            {key.retired && <Badge>retired</Badge>}
          </li>
        ))}
        {member.recovery && (
          <li>
            <ScrollText size={14} aria-hidden /> Recovery code
          </li>
        )}
        {member.devices.map((device) => (
          <li key={device.device}>
            <Laptop size={14} aria-hidden />
            <span>{device.name}</span>
            {device.lastSeen !== null && <span className="faint">{ago(device.lastSeen, now)}</span>}
          </li>
        ))}
      </ul>
    </div>
    {(onChange !== null || onRemove !== null) && (
      <div className="row">
        {onChange !== null && (
          <Button size="small" onClick={onChange}>
            Change…
          </Button>
        )}
        {onLostKey !== null && (
          <Button size="small" onClick={onLostKey}>
            Lost key…
          </Button>
        )}
        {onRemove !== null && (
          <Button kind="quiet-danger" size="small" onClick={onRemove}>
            Remove…
          </Button>
        )}
      </div>
    )}
  </article>
)
