import { KeyRound, Laptop, ScrollText } from 'lucide-react'
import type { MemberView } from '../../../shared/views.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ago } from '../../ui/format.ts'
import { Monogram } from '../../ui/monogram.tsx'

const levelWords = { none: '–', view: 'names', request: 'asks', hold: 'holds' } as const

interface MemberCardProps {
  member: MemberView
  now: number
  /** Null where this person may not change members. */
  onChange: (() => void) | null
  onRemove: (() => void) | null
}

export const MemberCard = ({ member, now, onChange, onRemove }: MemberCardProps) => (
  <article className="card member-card" aria-label={member.name}>
    <div className="card-head">
      <Monogram text={member.name} seed={member.member} />
      <div className="grow">
        <h2 className="clip">
          {member.name} {member.me && <span className="faint">(you)</span>}
        </h2>
        <span className="faint mono" title="Fingerprint of their keys">
          {member.fingerprint}
        </span>
      </div>
      {member.roles.map((role) => (
        <Badge key={role} tone={role === 'admin' ? 'accent' : 'neutral'}>
          {role}
        </Badge>
      ))}
      {member.state === 'removed' && <Badge tone="bad">removed</Badge>}
      {onChange !== null && (
        <Button size="small" onClick={onChange}>
          Change…
        </Button>
      )}
      {onRemove !== null && (
        <Button kind="danger" size="small" onClick={onRemove}>
          Remove…
        </Button>
      )}
    </div>
    <div className="card-body">
      <table className="access-grid">
        <tbody>
          {member.access.map((access) => (
            <tr key={access.environment}>
              <th scope="row">{access.label}</th>
              <td>
                <span className="level" data-level={access.level}>
                  {levelWords[access.level]}
                </span>
              </td>
              <td>{access.approve && <Badge tone="good">approves</Badge>}</td>
            </tr>
          ))}
          {member.access.length === 0 && (
            <tr>
              <td className="faint">No environment</td>
            </tr>
          )}
        </tbody>
      </table>
      <ul className="soft">
        {member.keys.map((key) => (
          <li key={key.label} className="row">
            <KeyRound size={14} aria-hidden />
            <span className="clip">{key.label}</span>
            {key.software && <Badge tone="warn">software</Badge>}
            {key.retired && <Badge>retired</Badge>}
          </li>
        ))}
        {member.recovery && (
          <li className="row">
            <ScrollText size={14} aria-hidden /> Recovery code
          </li>
        )}
        {member.devices.map((device) => (
          <li key={device.device} className="row">
            <Laptop size={14} aria-hidden />
            <span className="clip">{device.name}</span>
            <span className="faint">{device.lastSeen === null ? '' : ago(device.lastSeen, now)}</span>
          </li>
        ))}
      </ul>
    </div>
  </article>
)
