// Says that it began, and crashes as native code would.
process.send?.({ name: 'crashes', done: 4 }, () => process.kill(process.pid, 'SIGSEGV'))
setInterval(() => undefined, 1_000)
