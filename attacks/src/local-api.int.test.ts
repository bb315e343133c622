import { attackTests } from './attack-tests.ts'
import { attacks } from './catalogue.ts'

attackTests(
  'Attacks on the local API by pages, neighbours and other programs',
  attacks.filter(({ area }) => area === 'local API'),
)
