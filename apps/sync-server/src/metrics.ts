import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Prometheus metrics of one node. No label carries a team, a member or anything else that identifies. */
export const createMetrics = () => {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    connections: new Gauge({
      name: 'countersign_connections',
      help: 'Open connections by who is on the other side',
      labelNames: ['side'] as const,
      registers,
    }),
    queueDepth: new Gauge({
      name: 'countersign_append_queue_depth',
      help: 'Appends waiting for a flush',
      registers,
    }),
    storeWritable: new Gauge({
      name: 'countersign_store_writable',
      help: '1 while the store takes writes',
      registers,
    }),
    appends: new Counter({
      name: 'countersign_appends_total',
      help: 'Appends by outcome: appended or the code of the refusal',
      labelNames: ['outcome'] as const,
      registers,
    }),
    refusals: new Counter({
      name: 'countersign_refusals_total',
      help: 'Refused messages by code',
      labelNames: ['code'] as const,
      registers,
    }),
    flushSeconds: new Histogram({
      name: 'countersign_append_flush_seconds',
      help: 'Time from taking appends from the queue to their durable answer',
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
      registers,
    }),
    flushAppends: new Histogram({
      name: 'countersign_append_flush_size',
      help: 'Appends made durable together',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
      registers,
    }),
    pushedFrames: new Counter({
      name: 'countersign_pushed_frames_total',
      help: 'Frames pushed to connected devices',
      registers,
    }),
    wrapFetches: new Counter({
      name: 'countersign_wrap_fetches_total',
      help: 'Downloads of wrapped root keys by outcome',
      labelNames: ['outcome'] as const,
      registers,
    }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
