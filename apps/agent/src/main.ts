#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { CliError, EXIT } from './cli-error.ts'
import { type AuditVerifyOptions, auditVerify } from './commands/audit-verify.ts'
import { type BindOptions, bind } from './commands/bind.ts'
import { list } from './commands/list.ts'
import { type ReadOptions, read } from './commands/read.ts'
import { type RunOptions, run } from './commands/run.ts'
import { status } from './commands/status.ts'
import { unbind } from './commands/unbind.ts'
import { readEnvironment } from './environment.ts'
import { harmless, processTerminal } from './terminal.ts'

const several = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value]
const terminal = processTerminal()
const environment = () => readEnvironment(process.env)

const program = new Command('countersign')
  .description('Keys for programs, approved by people.')
  .exitOverride()
  .enablePositionalOptions()
  .addHelpText(
    'after',
    `
Exit codes:
  0 done · 1 unexpected · 2 wrong use · 3 Countersign does not run · 4 locked · 5 no valid binding
  6 refused · 7 not granted · 8 not now, try later · run: the command's own (126, 127: it did not start)

Environment:
  COUNTERSIGN_SOCKET, COUNTERSIGN_ADDR   where Countersign answers (else $XDG_RUNTIME_DIR/countersign/agent.json)
  COUNTERSIGN_TOKEN, _TOKEN_FILE         a token to use instead of the bindings kept here
  COUNTERSIGN_VAULT, COUNTERSIGN_ENV     defaults for --vault and --env
  COUNTERSIGN_NO_INTERACTION             nobody watches: bind does not wait unless told to`,
  )

program
  .command('bind')
  .description('ask for access to credentials, and wait for people to approve it')
  .argument('[references...]', 'cs://VAULT/ENVIRONMENT/ITEM')
  .option('--vault <name>')
  .option('--env <name>')
  .option('--item <name>', 'once for each credential', several)
  .option('--provider <name>', 'all credentials of a provider that are there now')
  .requiredOption('--reason <text>', 'why, for those who approve')
  .option('--lease <duration>', 'how long: 30m, 8h, 7d, 2w', '8h')
  .option('--uses <number>', 'how many reads at most')
  .option('--until-lock', 'ends when Countersign locks')
  .option('--app <name>', 'what people see as the name of the program')
  .option('--wait', 'wait for the decision (the default for people)')
  .option('--no-wait', 'ask and return; read and run fetch the token later')
  .option('--any-program', 'the token may be used by other programs too; approvers see that')
  .option('--print-token', 'print the token instead of keeping it (implies --any-program)')
  .action((references: string[], options: BindOptions) => bind(terminal, environment(), references, options))

program
  .command('read')
  .description('print one value')
  .argument('<reference>', 'cs://VAULT/ENVIRONMENT/ITEM[/FIELD][?version=N]')
  .option('--json', 'everything the API says, as JSON')
  .option('--no-newline', 'the value alone')
  .action((reference: string, options: ReadOptions) => read(terminal, environment(), reference, options))

program
  .command('run')
  .description('run a command with cs:// references in its environment filled in')
  .passThroughOptions()
  .argument('<command...>', 'after --')
  .option('--env-file <path>', 'NAME=VALUE lines; values may be references', several)
  .option('--set <assignment>', 'NAME=cs://VAULT/ENVIRONMENT/ITEM[/FIELD]', several)
  .option('--item <name>', "sets the variables the credential's provider uses", several)
  .option('--vault <name>')
  .option('--env <name>')
  .action(async (command: string[], options: RunOptions) => {
    process.exitCode = await run(environment(), process.env, command, options)
  })

program
  .command('status')
  .description('mode, freshness and what is kept here')
  .option('--json')
  .action((options: { json?: boolean }) => status(terminal, environment(), options))

program
  .command('list')
  .description('what the bindings kept here may read; no values')
  .option('--json')
  .action((options: { json?: boolean }) => list(terminal, environment(), options))

program
  .command('unbind')
  .description('give a binding back')
  .argument('<binding>', 'its id, or the name of its program')
  .action((which: string) => unbind(terminal, environment(), which))

const verify = (command: Command): Command =>
  command
    .argument('<file...>', 'exports; several are compared with each other')
    .option('--json', 'the report as JSON')
    .option('--records', 'print the opened audit records too, one JSON line each')
    .option('--team <id>', 'the team’s id, as you know it')
    .option('--genesis <hash>', 'the hash of the team’s first entry, as your own app shows it')
    .action(async (files: string[], options: AuditVerifyOptions) => {
      process.exitCode = await auditVerify(terminal, files, options)
    })

const offline =
  'Exit codes: 0 all of it verifies · 1 it does not, or it convicts somebody · 2 no export, wrong use'
verify(
  program
    .command('audit')
    .description('check audit exports; needs no app and no network')
    .command('verify')
    .description('check every signature, chain, tree and touch of exports')
    .addHelpText('after', `\n${offline}`),
)
verify(
  program
    .command('evidence')
    .description('check evidence that an alarm left; needs no app and no network')
    .command('verify')
    .description('check what was signed, and whether it convicts the server')
    .addHelpText('after', `\n${offline}`),
)

// Whoever reads the output may stop early (`countersign list | head -1`): that is no failure of this program.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : EXIT.unexpected)
})

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage
  } else if (error instanceof CliError) {
    process.stderr.write(`countersign: ${harmless(error.message)}\n  → ${harmless(error.fix)}\n`)
    process.exitCode = error.exitCode
  } else {
    const name = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'
    process.stderr.write(`countersign: ${harmless(name)}\n  → This should not happen: please report it.\n`)
    process.exitCode = EXIT.unexpected
  }
}
