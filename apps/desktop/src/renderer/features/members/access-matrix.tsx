import { Stamp } from 'lucide-react'
import type { MemberView, VaultView } from '../../../shared/views.ts'
import { Monogram } from '../../ui/monogram.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'

const words = { none: '–', view: 'names', request: 'asks', hold: 'holds' } as const

const Cell = ({ access }: { access: MemberView['access'][number] | undefined }) => {
  const level = access?.level ?? 'none'
  return (
    <td>
      <span className="level" data-level={level}>
        {words[level]}
      </span>
      {access?.approve && <Stamp size={14} className="approves" aria-label="approves" />}
    </td>
  )
}

/** Who may do what, everywhere, in one picture: a row a person, a column an environment. */
export const AccessMatrix = ({
  members,
  vaults,
}: {
  members: readonly MemberView[]
  vaults: readonly VaultView[]
}) => (
  <section className="card" aria-label="Access of everybody">
    <div className="card-head">
      <h2 className="grow">Access</h2>
      <ul className="legend faint">
        <li>
          <span className="level" data-level="hold">
            holds
          </span>{' '}
          has the key
        </li>
        <li>
          <span className="level" data-level="request">
            asks
          </span>{' '}
          after approval
        </li>
        <li>
          <span className="level" data-level="view">
            names
          </span>{' '}
          no values
        </li>
        <li>
          <Stamp size={14} className="approves" aria-hidden /> approves
        </li>
      </ul>
    </div>
    <ScrollRegion className="matrix-scroll" label="Access, a row a person">
      <table className="matrix">
        <thead>
          <tr>
            <td />
            {vaults.map((vault) => (
              <th key={vault.vault} colSpan={vault.environments.length} scope="colgroup">
                {vault.name}
              </th>
            ))}
          </tr>
          <tr>
            <td />
            {vaults.flatMap((vault) =>
              vault.environments.map((place) => (
                <th key={place.environment} scope="col">
                  {place.name}
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr key={member.member}>
              <th scope="row">
                <span className="row">
                  <Monogram text={member.name} seed={member.member} size="small" />
                  <span className="clip" title={member.name}>
                    {member.name}
                  </span>
                </span>
              </th>
              {vaults.flatMap((vault) =>
                vault.environments.map((place) => (
                  <Cell
                    key={place.environment}
                    access={member.access.find((each) => each.environment === place.environment)}
                  />
                )),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  </section>
)
