import { Button } from './button.tsx'

/** The end of a list that has more, older rows than are loaded. */
export const OlderRows = ({ what, onShow }: { what: string; onShow: () => void }) => (
  <div className="older-rows">
    <Button size="small" onClick={onShow}>
      Show older {what}
    </Button>
  </div>
)
