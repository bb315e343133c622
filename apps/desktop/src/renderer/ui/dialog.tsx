import { X } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { Button } from './button.tsx'
import { ScrollRegion } from './scroll-region.tsx'

interface DialogProps {
  title: string
  onClose: () => void
  wide?: boolean
  children: ReactNode
  /** Buttons, right-aligned, the default one last. */
  foot?: ReactNode
  /** Nothing in its body takes focus: the body does, so that the arrow keys scroll it. */
  textOnly?: boolean
  /** Makes the whole dialog a form. */
  onSubmit?: () => void
}

/** Where typing begins: the first field, or the first button of the foot, which is the one that changes nothing. */
const firstOf = (dialog: HTMLDialogElement | null): HTMLElement | null =>
  dialog?.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea):not(:disabled)') ??
  dialog?.querySelector<HTMLElement>('.dialog-foot button:not(:disabled)') ??
  null

/** The platform's modal dialog: it traps focus, closes with Escape and gives focus back. */
export const Dialog = ({ title, onClose, wide, children, foot, textOnly, onSubmit }: DialogProps) => {
  const element = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const dialog = element.current
    dialog?.showModal()
    firstOf(dialog)?.focus()
    return () => dialog?.close()
  }, [])
  const inner = (
    <>
      <div className="dialog-head">
        <h2 id={titleId}>{title}</h2>
        <Button kind="quiet" size="small" iconOnly aria-label="Close" onClick={onClose}>
          <X size={16} aria-hidden />
        </Button>
      </div>
      {textOnly ? (
        <ScrollRegion className="dialog-body" label={title}>
          {children}
        </ScrollRegion>
      ) : (
        <div className="dialog-body">{children}</div>
      )}
      {foot !== undefined && <div className="dialog-foot">{foot}</div>}
    </>
  )
  return (
    <dialog
      ref={element}
      className="dialog"
      data-wide={wide ? '' : undefined}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      {onSubmit === undefined ? (
        <div className="dialog-inner">{inner}</div>
      ) : (
        <form
          className="dialog-inner"
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            onSubmit()
          }}
        >
          {inner}
        </form>
      )}
    </dialog>
  )
}
