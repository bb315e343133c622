import { MODES, type Mode, modeSchema } from '@countersign/schema/mode'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Figures without names: no vault, item, program or person is a label. */
export interface Metrics {
  read(outcome: 'ok' | 'not_modified' | 'unrecorded'): void
  denied(code: string): void
  answered(status: number, seconds: number): void
  text(): Promise<string>
  readonly contentType: string
}

export const newMetrics = (state: {
  mode(): Mode
  connections(): number
  eventStreams(): number
  openPolls(): number
  auditFailures(): number
}): Metrics => {
  const registry = new Registry()
  const registers = [registry]
  const reads = new Counter({
    name: 'countersign_reads_total',
    help: 'Credential reads answered.',
    labelNames: ['outcome'],
    registers,
  })
  const denials = new Counter({
    name: 'countersign_denials_total',
    help: 'Refusals by code.',
    labelNames: ['code'],
    registers,
  })
  const answers = new Counter({
    name: 'countersign_answers_total',
    help: 'Answers by class of status.',
    labelNames: ['status'],
    registers,
  })
  const duration = new Histogram({
    name: 'countersign_read_seconds',
    help: 'From the request to the answer of a credential read, its durable audit record included.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2],
    registers,
  })
  new Gauge({
    name: 'countersign_mode',
    help: '1 for the present mode.',
    labelNames: ['mode'],
    registers,
    collect() {
      for (const mode of modeSchema.options) this.set({ mode }, mode === state.mode() ? 1 : 0)
    },
  })
  new Gauge({
    name: 'countersign_serving',
    help: 'Whether reads are served.',
    registers,
    collect() {
      this.set(MODES[state.mode()].read ? 1 : 0)
    },
  })
  new Gauge({
    name: 'countersign_connections',
    help: 'Open connections.',
    registers,
    collect() {
      this.set(state.connections())
    },
  })
  new Gauge({
    name: 'countersign_event_streams',
    help: 'Open event streams.',
    registers,
    collect() {
      this.set(state.eventStreams())
    },
  })
  new Gauge({
    name: 'countersign_open_polls',
    help: 'Programs that wait for a decision.',
    registers,
    collect() {
      this.set(state.openPolls())
    },
  })
  new Gauge({
    name: 'countersign_audit_failures',
    help: 'Audit writes that failed since the start.',
    registers,
    collect() {
      this.set(state.auditFailures())
    },
  })
  // Children with their labels bound once: a look-up by labels for each read costs more than the read's own bookkeeping.
  const children = {
    ok: reads.labels('ok'),
    not_modified: reads.labels('not_modified'),
    unrecorded: reads.labels('unrecorded'),
  }
  const classes = ['1xx', '2xx', '3xx', '4xx', '5xx'].map((status) => answers.labels(status))
  return {
    read: (outcome) => children[outcome].inc(),
    denied: (code) => denials.labels(code).inc(),
    answered: (status, seconds) => {
      classes[Math.floor(status / 100) - 1]?.inc()
      if (seconds >= 0) duration.observe(seconds)
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
