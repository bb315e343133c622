import { attackTests } from './attack-tests.ts'
import { attacks } from './catalogue.ts'

attackTests(
  'Attacks by a hostile server that this design invites',
  attacks.filter(({ area }) => area === 'hostile server: beyond the papers'),
)
