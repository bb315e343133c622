// Says that it began, and never anything again.
process.send?.({ name: 'hangs', done: 0 })
for (;;) Math.random()
