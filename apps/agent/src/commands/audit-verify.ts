import { CliError, EXIT } from '../cli-error.ts'
import { harmless, type Terminal } from '../terminal.ts'
import { compareFiles, FileHistory } from '../verifier/compare-files.ts'
import { NotAnExport } from '../verifier/frames.ts'
import type { Finding, Report } from '../verifier/report.ts'
import { reportText } from '../verifier/report-text.ts'
import { verifyFile } from '../verifier/verify-file.ts'

export interface AuditVerifyOptions {
  json?: boolean
  records?: boolean
  team?: string
  genesis?: string
}

const PROGRESS_EVERY_MS = 500

/** Only where somebody watches, and not at once: a small file is done before. */
const progressTo = (terminal: Terminal, file: string): ((bytes: number, of: number) => void) => {
  if (!process.stderr.isTTY) return () => undefined
  let last = performance.now()
  return (bytes, of) => {
    if (performance.now() - last < PROGRESS_EVERY_MS) return
    last = performance.now()
    terminal.say(`${file}: ${Math.floor((bytes / Math.max(1, of)) * 100)} %`)
  }
}

const verifyOne = async (
  terminal: Terminal,
  file: string,
  options: AuditVerifyOptions,
  history: FileHistory | null,
): Promise<Report> => {
  try {
    return await verifyFile(file, {
      team: options.team,
      genesis: options.genesis,
      onProgress: progressTo(terminal, file),
      onEntry: (entry) => history?.add(entry),
      onHead: (head) => history?.addHead(head),
      onRecord: ({ member, device, record }, people) => {
        if (options.records !== true) return
        const fields = Object.fromEntries(
          [...record.map].map(([name, value]) => [
            name,
            value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
          ]),
        )
        const line = { who: people.nameOf(member), device, ...fields }
        terminal.print(`${harmless(JSON.stringify(line, replaceMaps))}\n`)
      },
    })
  } catch (error) {
    if (error instanceof NotAnExport) {
      throw new CliError(
        EXIT.usage,
        `${file}: not an audit export.`,
        'Name a file that Countersign wrote as an export or as evidence.',
      )
    }
    if (error instanceof Error && 'code' in error && 'syscall' in error) {
      throw new CliError(EXIT.usage, `${file}: cannot be read (${String(error.code)}).`, 'Check the path.')
    }
    throw error
  }
}

const replaceMaps = (_name: string, value: unknown): unknown => {
  if (value instanceof Map) return Object.fromEntries(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}

/**
 * `countersign audit verify`: checks exports offline, with nothing of this machine but the files. Returns the exit code: 0 all of it
 * verifies, 1 it does not or convicts somebody. Throws CliError with 2 where a file is no export or cannot be read.
 */
export const auditVerify = async (
  terminal: Terminal,
  files: readonly string[],
  options: AuditVerifyOptions,
): Promise<number> => {
  const reports: Report[] = []
  const histories: FileHistory[] = []
  for (const file of files) {
    const history = files.length > 1 ? new FileHistory(file) : null
    reports.push(await verifyOne(terminal, file, options, history))
    if (history !== null) histories.push(history)
  }
  const between: Finding[] = []
  for (const [index, a] of histories.entries()) {
    for (const b of histories.slice(index + 1)) between.push(...compareFiles(a, b))
  }
  if (options.json === true) terminal.print(`${JSON.stringify({ files: reports, between })}\n`)
  else {
    for (const report of reports) terminal.print(`${reportText(report).map(harmless).join('\n')}\n\n`)
    for (const { code, message } of between) terminal.print(`convicts  ${code}: ${harmless(message)}\n`)
  }
  return reports.every(({ verdict }) => verdict === 'verified') && between.length === 0 ? 0 : 1
}
