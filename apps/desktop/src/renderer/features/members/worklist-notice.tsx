import { go, useApp } from '../../data/app-store.ts'
import { useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'

/** Stays on every page until what a removed member read has been rotated. */
export const WorklistNotice = () => {
  const loaded = useLoaded('worklist.list', {}, ['worklist', 'items'])
  const page = useApp((state) => state.page)
  const due = loaded.state === 'ready' ? loaded.value.filter((row) => !row.done) : []
  if (due.length === 0 || page === 'members') return null
  return (
    <div className="banner">
      <Notice
        tone="warn"
        title={`${due.length} ${due.length === 1 ? 'credential was' : 'credentials were'} read by somebody who left`}
        action={
          <Button size="small" onClick={() => go('members')}>
            See the list
          </Button>
        }
      >
        Rotate {due.length === 1 ? 'it' : 'each'} at its provider.
      </Notice>
    </div>
  )
}
