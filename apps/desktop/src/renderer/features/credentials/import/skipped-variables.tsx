import type { ImportView } from '../../../../shared/job-views.ts'
import { plural } from '../../../ui/format.ts'

const words: Record<ImportView['skipped'][number]['why'], string> = {
  empty: 'empty',
  reference: 'a reference to Countersign already',
  'too-long': 'longer than 16,384 characters',
  overwritten: 'set again further down',
  elsewhere: 'says where the value is, and is none',
  'no-secret': 'its name is not that of a key',
}

/** What nothing is made of, and why: nothing of the file is passed over in silence. */
export const SkippedVariables = ({ skipped, open }: { skipped: ImportView['skipped']; open: boolean }) =>
  skipped.length === 0 ? null : (
    <details className="import-skipped" open={open}>
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
