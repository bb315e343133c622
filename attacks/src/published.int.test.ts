import { attackTests } from './attack-tests.ts'
import { attacks } from './catalogue.ts'

attackTests(
  'Published attacks by a hostile server',
  attacks.filter(({ area }) => area === 'hostile server: published'),
)
