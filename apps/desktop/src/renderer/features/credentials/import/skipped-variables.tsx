import type { ImportView } from '../../../../shared/views.ts'
import { plural } from '../../../ui/format.ts'

const words: Record<ImportView['skipped'][number]['why'], string> = {
  empty: 'empty',
  reference: 'a reference to Countersign already',
  'too-long': 'longer than 16,384 characters',
  overwritten: 'set again further down',
  'no-secret': 'no secret, by its name',
}

/** What nothing is made of, and why: nothing of the file is passed over in silence. */
export const SkippedVariables = ({ skipped }: { skipped: ImportView['skipped'] }) =>
  skipped.length === 0 ? null : (
    <details className="import-skipped">
      <summary>{plural(skipped.length, 'variable')} left out</summary>
      <dl className="facts">
        {skipped.map(({ variable, line, why }) => (
          <div key={line} className="fact">
            <dt className="mono">{variable}</dt>
            <dd>
              line {line}: {words[why]}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
