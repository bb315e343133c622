import { describe, expect, it } from 'vitest'
import type { MemberView } from '../../../shared/views.ts'
import { filterPeople } from './filter-people.ts'

const member = (name: string, roles: MemberView['roles']): MemberView => ({
  member: name,
  name,
  me: false,
  state: 'active',
  roles,
  access: [],
  keys: [],
  recovery: false,
  devices: [],
  fingerprint: '9f3a 1c40',
  joinedAt: 0,
})
const all = [member('Ada Okafor', ['admin']), member('Ben Lindqvist', ['developer'])]

describe('searching people', () => {
  it('nothing typed is everybody', () => {
    expect(filterPeople(all, '  ')).toEqual(all)
  })

  it('finds by name, role and fingerprint, in any case, every word', () => {
    expect(filterPeople(all, 'oka').map((each) => each.name)).toEqual(['Ada Okafor'])
    expect(filterPeople(all, 'DEVELOPER 9f3a').map((each) => each.name)).toEqual(['Ben Lindqvist'])
    expect(filterPeople(all, 'ada developer')).toEqual([])
  })
})
