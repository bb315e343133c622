import { activeDevice } from '@countersign/ledger/projection-lookup'
import type { SignedWrap } from '@countersign/schema/wire'
import type { Replica } from '../replica/replica.ts'

interface WrapDutyOptions {
  readonly replica: Replica
  readonly device: string
  /** What the server does not have yet, as it is kept on this disk. */
  readonly pending: () => readonly SignedWrap[]
  /** The server has it: to be put on this disk. */
  readonly stored: (wrap: SignedWrap) => void
  readonly retryMs?: number
}

const RETRY_MS = 30_000

/**
 * Gives the server a member's ways in, for the day on which this computer is gone, and goes on until it has them all: over lost
 * connections, full servers and restarts. Needs the device key only, so a locked installation does it too.
 */
export class WrapDuty {
  readonly #options: WrapDutyOptions
  readonly #stopListening: () => void
  #timer: ReturnType<typeof setTimeout> | null = null
  #running = false
  #stopped = false

  constructor(options: WrapDutyOptions) {
    this.#options = options
    this.#stopListening = options.replica.onStatus(({ connection }) => {
      if (connection === 'live' && this.#timer === null) void this.run()
    })
    void this.run()
  }

  /** Tries now what is pending; what is refused is tried again later. */
  async run(): Promise<void> {
    const { replica, device, pending, stored } = this.#options
    if (this.#running || this.#stopped || pending().length === 0) return
    const { connection } = replica.status()
    if (connection !== 'live' || activeDevice(replica.projection, device) === undefined) return
    this.#running = true
    try {
      for (const wrap of pending()) {
        const reply = await replica.request((ref) => ({ type: 'wrap.put', ref, wrap }))
        if (reply?.type === 'ok') stored(wrap)
      }
    } finally {
      this.#running = false
      if (pending().length > 0) this.#later()
    }
  }

  stop(): void {
    this.#stopped = true
    this.#stopListening()
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #later(): void {
    if (this.#stopped || this.#timer !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.run()
    }, this.#options.retryMs ?? RETRY_MS)
  }
}
