import { CircleCheck, OctagonAlert } from 'lucide-react'
import { useEffect } from 'react'
import { create } from 'zustand'

interface Toast {
  id: number
  tone: 'good' | 'bad'
  title: string
  text: string
}

const SHOWN_MS = 6000

const useToasts = create<{ toasts: Toast[]; next: number }>(() => ({ toasts: [], next: 1 }))

const drop = (id: number): void =>
  useToasts.setState((state) => ({ toasts: state.toasts.filter((each) => each.id !== id) }))

/** Says a result for a few seconds; refusals that need an answer are shown where they happened instead. */
export const toast = (tone: Toast['tone'], title: string, text = ''): void =>
  useToasts.setState((state) => ({
    toasts: [...state.toasts.slice(-2), { id: state.next, tone, title, text }],
    next: state.next + 1,
  }))

const ToastCard = ({ toast: { id, tone, title, text } }: { toast: Toast }) => {
  useEffect(() => {
    const timer = setTimeout(() => drop(id), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [id])
  const Icon = tone === 'good' ? CircleCheck : OctagonAlert
  return (
    <div className="toast" data-tone={tone}>
      <Icon size={16} aria-hidden />
      <div className="grow">
        <strong>{title}</strong>
        {text !== '' && <div className="soft">{text}</div>}
      </div>
    </div>
  )
}

export const Toasts = () => {
  const toasts = useToasts((state) => state.toasts)
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((each) => (
        <ToastCard key={each.id} toast={each} />
      ))}
    </div>
  )
}
