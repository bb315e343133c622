import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { TextArea } from '../../ui/field.tsx'
import { Refusal } from '../../ui/notice.tsx'

/** The recovery sheet, pasted or typed: says where the team is and how far its log went, and is no secret. */
export const ReadSheet = ({
  text,
  onText,
  onDone,
}: {
  text: string
  onText: (text: string) => void
  onDone: (server: string) => void
}) => {
  const read = useAction('sheet.read')
  const next = async (): Promise<void> => {
    const sheet = await read.run({ text })
    if (sheet !== null) onDone(sheet.server)
  }
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void next()
      }}
    >
      <div>
        <h1>Your recovery sheet</h1>
        <p className="soft">
          Type or paste the lines of letters and digits from your sheet, or from “Your computers” in the
          settings of one that still works. Case, spaces and dashes do not matter.
        </p>
      </div>
      <TextArea
        label="Lines of the sheet"
        className="mono"
        rows={8}
        placeholder="7KQ2-M4T9-B0HJ-VR6N-D3WP-8FYZ-E5C1-AGS7-K2M0"
        value={text}
        maxLength={4000}
        onChange={(event) => onText(event.target.value)}
      />
      {read.error !== null && <Refusal error={read.error} />}
      <Button kind="primary" submit busy={read.busy} disabled={text.trim() === ''}>
        Continue
      </Button>
    </form>
  )
}
