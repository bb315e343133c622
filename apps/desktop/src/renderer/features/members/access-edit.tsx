import type { CallRequest } from '../../../shared/contract.ts'
import type { VaultView } from '../../../shared/views.ts'

export type AccessChoice = CallRequest<'member.access'>['access'][number]

const levels: { value: AccessChoice['level']; label: string }[] = [
  { value: 'none', label: 'nothing' },
  { value: 'view', label: 'see names' },
  { value: 'request', label: 'ask to use' },
  { value: 'hold', label: 'hold (read all)' },
]

/** The same, with at least the names of every environment. */
export const withNames = (vaults: readonly VaultView[], access: readonly AccessChoice[]): AccessChoice[] =>
  vaults.flatMap(({ environments }) =>
    environments.map(({ environment }) => {
      const choice = access.find((each) => each.environment === environment)
      if (choice !== undefined && choice.level !== 'none') return choice
      return { environment, level: 'view', approve: choice?.approve ?? false }
    }),
  )

interface AccessEditProps {
  vaults: readonly VaultView[]
  value: readonly AccessChoice[]
  onChange: (value: AccessChoice[]) => void
}

/** One row an environment: what a member may do there. */
export const AccessEdit = ({ vaults, value, onChange }: AccessEditProps) => {
  const set = (choice: AccessChoice): void =>
    onChange([...value.filter((each) => each.environment !== choice.environment), choice])
  return (
    <div className="access-edit">
      {vaults.flatMap((vault) =>
        vault.environments.map((place) => {
          const name = `${vault.name} / ${place.name}`
          const choice = value.find((each) => each.environment === place.environment) ?? {
            environment: place.environment,
            level: 'none' as const,
            approve: false,
          }
          return (
            <div key={place.environment} className="access-place">
              <span className="clip" title={name}>
                {name}
              </span>
              <select
                className="input"
                aria-label={`Level in ${name}`}
                value={choice.level}
                onChange={(event) =>
                  set({
                    ...choice,
                    level: levels.find((each) => each.value === event.target.value)?.value ?? 'none',
                  })
                }
              >
                {levels.map((level) => (
                  <option key={level.value} value={level.value}>
                    {level.label}
                  </option>
                ))}
              </select>
              <label className="check">
                <input
                  type="checkbox"
                  checked={choice.approve}
                  onChange={(event) => set({ ...choice, approve: event.target.checked })}
                />
                <span>
                  approves<span className="visually-hidden"> in {name}</span>
                </span>
              </label>
            </div>
          )
        }),
      )}
    </div>
  )
}
