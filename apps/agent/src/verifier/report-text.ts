import type { Finding, Report } from './report.ts'

const verdicts: Record<Report['verdict'], string> = {
  verified: 'VERIFIED: one history, as its authors signed it',
  untouched: 'NOT ALL VERIFIED: an approval without its touch',
  convicts: 'CONVICTS: what is signed here cannot all be true; entries were kept back or two histories shown',
  damaged: 'DOES NOT VERIFY: something is not what was signed',
}

const kinds: Record<Finding['kind'], string> = {
  damaged: 'damaged',
  convicts: 'convicts',
  untouched: 'no touch',
}

const row = (name: string, value: string): string => `${name.padEnd(16)}${value}`

/** A report as lines for a person. Names come from opened entries; nothing here is a value. */
export const reportText = (report: Report): string[] => {
  const { approvals } = report
  const lines = [
    verdicts[report.verdict],
    '',
    row('file', `${report.file} (${report.bytes} bytes)`),
    row('team', report.team ?? 'unknown'),
    row('first entry', `${report.genesis ?? 'unknown'}  compare with what your own app shows`),
    row(
      'written',
      `${report.createdAt === null ? 'unknown' : new Date(report.createdAt).toISOString()} by ${report.by ?? 'nobody'}`,
    ),
    row('kind', `${report.reason ?? 'unknown'}, opened: ${report.opened ?? 'unknown'}`),
    row('statements', `${report.statements} by devices, ${report.cosignatures} cosignatures`),
    row(
      'touches',
      `${approvals.verified} verified, ${approvals.failed} failed, ${approvals.closed} not opened`,
    ),
    row('records', `${report.records} opened`),
    '',
  ]
  for (const { stream, entries, head, witnessedBy } of report.streams) {
    const count = `${String(entries).padStart(8)} ${entries === 1 ? 'entry, ' : 'entries'}`
    const witnesses = `vouched for by ${witnessedBy} ${witnessedBy === 1 ? 'device ' : 'devices'}`
    lines.push(`  ${stream.padEnd(36)}${count}  ${witnesses}  ${head?.slice(0, 16) ?? ''}`)
  }
  if (report.grants.length > 0) lines.push('')
  for (const { request, seq, by, approvedBy } of report.grants) {
    const people = approvedBy.length === 0 ? 'no touch shown' : `touches by ${approvedBy.join(', ')}`
    lines.push(`  grant ${request.slice(0, 8)} in ledger entry ${seq} by ${by}: ${people}`)
  }
  if (report.findings.length > 0) lines.push('')
  for (const { kind, code, message } of report.findings) lines.push(`  ${kinds[kind]}  ${code}: ${message}`)
  if (report.findingsLeftOut > 0) lines.push(`  and ${report.findingsLeftOut} more`)
  if (report.remarks.length > 0) lines.push('')
  for (const { message } of report.remarks) lines.push(`  note: ${message}`)
  return lines
}
