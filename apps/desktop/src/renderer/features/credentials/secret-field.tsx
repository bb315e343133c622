import { Copy, Eye, EyeOff } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { duration } from '../../ui/format.ts'
import { toast } from '../../ui/toasts.tsx'

interface SecretFieldProps {
  item: string
  field: { name: string; label: string; secret: boolean }
  mayReveal: boolean
}

/** One field: masked, shown one at a time and for a short while, copied without passing through the window. */
export const SecretField = ({ item, field, mayReveal }: SecretFieldProps) => {
  const reveal = useAction('item.reveal')
  const copy = useAction('item.copy')
  const [shown, setShown] = useState<{ value: string; hideAt: number; forMs: number } | null>(null)
  const [leftMs, setLeftMs] = useState(0)
  useEffect(() => {
    if (shown === null) return
    const timer = setInterval(() => {
      const rest = shown.hideAt - Date.now()
      setLeftMs(rest)
      if (rest <= 0) setShown(null)
    }, 200)
    return () => clearInterval(timer)
  }, [shown])
  const show = async (): Promise<void> => {
    const result = await reveal.run({ item, field: field.name })
    if (result === null) return
    setLeftMs(result.hideAfterMs)
    setShown({ value: result.value, hideAt: Date.now() + result.hideAfterMs, forMs: result.hideAfterMs })
  }
  const toClipboard = async (): Promise<void> => {
    const result = await copy.run({ item, field: field.name })
    if (result !== null)
      toast('good', `${field.label} copied`, `The clipboard is cleared in ${duration(result.clearAfterMs)}.`)
  }
  const error = reveal.error ?? copy.error
  return (
    <div className="detail-field">
      <span className="soft">{field.label}</span>
      <div>
        {shown === null ? (
          <span className="value masked" role="img" aria-label="hidden">
            ••••••••••••
          </span>
        ) : (
          <>
            <span className="value">{shown.value}</span>
            <div className="bar" role="img" aria-label={`hides in ${duration(leftMs)}`}>
              <i style={{ width: `${(100 * Math.max(0, leftMs)) / shown.forMs}%` }} />
            </div>
          </>
        )}
        {error !== null && (
          <div className="field-error" role="alert">
            {error.message} {error.fix}
          </div>
        )}
      </div>
      <div className="row">
        <Button
          kind="quiet"
          size="small"
          iconOnly
          disabled={!mayReveal}
          busy={reveal.busy}
          aria-label={shown === null ? `Reveal ${field.label}` : `Hide ${field.label}`}
          onClick={() => (shown === null ? void show() : setShown(null))}
        >
          {shown === null ? <Eye size={15} aria-hidden /> : <EyeOff size={15} aria-hidden />}
        </Button>
        <Button
          kind="quiet"
          size="small"
          iconOnly
          disabled={!mayReveal}
          busy={copy.busy}
          aria-label={`Copy ${field.label}`}
          onClick={() => void toClipboard()}
        >
          <Copy size={15} aria-hidden />
        </Button>
      </div>
    </div>
  )
}
