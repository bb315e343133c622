import { Installation } from '@countersign/desktop/headless/installation'
import { type CallName, contract } from '@countersign/desktop/shared/contract'
import { z } from 'zod'

// An installation in a process of its own, for whoever wants to look at that process from outside: it does what it is told over Node's
// IPC channel, and holds nothing that it was not told.

const orderSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('call'),
    id: z.number(),
    name: z.custom<CallName>((name) => typeof name === 'string' && Object.hasOwn(contract, name)),
    request: z.unknown(),
  }),
  z.strictObject({ do: z.literal('ready'), id: z.number() }),
  z.strictObject({ do: z.literal('core'), id: z.number() }),
  z.strictObject({ do: z.literal('lock'), id: z.number() }),
  z.strictObject({ do: z.literal('stop'), id: z.number() }),
])
type Order = z.infer<typeof orderSchema>

const [profile] = process.argv.slice(2)
if (profile === undefined || process.send === undefined) {
  process.stderr.write('This is started by LoneInstallation.\n')
  process.exit(2)
}
const installation = new Installation(profile)

const obey = async (order: Order): Promise<unknown> => {
  switch (order.do) {
    case 'ready':
      return installation.ready()
    case 'call':
      return installation.call(order.name, order.request as never)
    case 'core':
      return installation.pid
    case 'lock':
      return installation.lock()
    case 'stop':
      await installation.stop()
      process.exit(0)
  }
}

process.on('message', (raw) => {
  const order = orderSchema.parse(raw)
  void obey(order).then((answer) => process.send?.({ id: order.id, answer }))
})
process.on('disconnect', () => void installation.stop().then(() => process.exit(0)))
