import { parentPort } from 'node:worker_threads'

// Says that it began, and never anything again.
parentPort?.postMessage({ name: 'hangs', done: 0 })
for (;;) Math.random()
