import { useEffect, useState } from 'react'
import type { StatusView } from '../../shared/views.ts'
import { Button } from '../ui/button.tsx'
import { Notice } from '../ui/notice.tsx'
import { SheetDialog } from '../ui/sheet-dialog.tsx'

/** An upload takes a moment; what takes longer is worth saying. */
const PATIENCE_MS = 4000

/** What is missing for the day on which this computer is lost: ways in that the server does not have, a sheet nobody kept. */
export const LostComputerNotice = ({ status }: { status: StatusView }) => {
  const [open, setOpen] = useState(false)
  const [late, setLate] = useState(false)
  const waiting = status.uploadsWaiting > 0
  useEffect(() => {
    if (!waiting) return
    const timer = setTimeout(() => setLate(true), PATIENCE_MS)
    return () => {
      clearTimeout(timer)
      setLate(false)
    }
  }, [waiting])
  return (
    <>
      {waiting && late ? (
        <div className="banner">
          <Notice tone="warn" title="A lost computer could not be replaced yet">
            {status.uploadsWaiting === 1
              ? 'One of your ways in is'
              : `${status.uploadsWaiting} of your ways in are`}{' '}
            not on the server. Countersign keeps trying; do not rely on your recovery sheet until this is
            gone.
          </Notice>
        </div>
      ) : (
        !status.sheetKept && (
          <div className="banner">
            <Notice
              title="Keep your recovery sheet"
              action={
                <Button size="small" onClick={() => setOpen(true)}>
                  Show it
                </Button>
              }
            >
              With it and one of your ways in you come back when this computer is lost.
            </Notice>
          </div>
        )
      )}
      {open && <SheetDialog onClose={() => setOpen(false)} />}
    </>
  )
}
