import type { MemberView } from '../../../shared/views.ts'

/** Every word typed must be somewhere in a person's name, roles or fingerprint. */
export const filterPeople = (members: readonly MemberView[], typed: string): readonly MemberView[] => {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return members
  return members.filter((member) => {
    const text = `${member.name} ${member.roles.join(' ')} ${member.fingerprint}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
