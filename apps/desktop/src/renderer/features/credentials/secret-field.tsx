import { Copy, Eye, EyeOff } from 'lucide-react'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { duration } from '../../ui/format.ts'
import { toast } from '../../ui/toasts.tsx'
import { MaskedValue } from './masked-value.tsx'
import { useReveal } from './use-reveal.ts'

interface SecretFieldProps {
  item: string
  field: { name: string; label: string; secret: boolean }
  mayReveal: boolean
}

/** One field: masked, shown one at a time and for a short while, copied without passing through the window. */
export const SecretField = ({ item, field, mayReveal }: SecretFieldProps) => {
  const reveal = useAction('item.reveal')
  const copy = useAction('item.copy')
  const { shown, leftMs, toggle } = useReveal((to) => reveal.run({ item, field: field.name, to }))
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
        <MaskedValue shown={shown} leftMs={leftMs} />
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
          onClick={toggle}
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
