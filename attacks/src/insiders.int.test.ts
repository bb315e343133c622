import { attackTests } from './attack-tests.ts'
import { attacks } from './catalogue.ts'

attackTests(
  'Attacks by members, renderers and bytes',
  attacks.filter(({ area }) => ['hostile renderer', 'hostile member', 'hostile input'].includes(area)),
)
