import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  LAYERS,
  type Layer,
  type LayerResult,
  runStaticLayer,
  runTestLayer,
  STATIC_LAYERS,
  TEST_LAYERS,
} from './test-layers.ts'

// `node tools/src/test.ts [LAYER …] [--bail] [what one layer's runner takes]`: all layers, or those named, in order.
// The last line is `N passed, N failed`, over all tests of all layers that ran.

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const heading = (layer: Layer): void => console.log(`\n──── ${layer} ${'─'.repeat(74 - layer.length)}`)
const ending = ({ layer, reason, ms }: LayerResult): void =>
  console.log(`${layer}: ${reason === undefined ? 'passed' : `FAILED (${reason})`} in ${seconds(ms)}`)

function chosen(given: string[]): { layers: readonly Layer[]; bail: boolean; filters: string[] } {
  const isLayer = (text: string): text is Layer => (LAYERS as readonly string[]).includes(text)
  const named = given.filter(isLayer)
  const filters = given.filter((text) => !isLayer(text) && text !== '--bail' && text !== '--')
  if (filters.length > 0 && named.length !== 1) {
    console.error(
      `Unknown layer: ${filters.join(' ')}. Layers: ${LAYERS.join(' ')}. Filters need exactly one layer.`,
    )
    process.exit(2)
  }
  return {
    layers: named.length === 0 ? LAYERS : LAYERS.filter((layer) => named.includes(layer)),
    bail: given.includes('--bail'),
    filters,
  }
}

async function runLayers(layers: readonly Layer[], bail: boolean, filters: string[], reports: string) {
  const results: LayerResult[] = []
  // The static layers start together, and are reported in order.
  const checks = STATIC_LAYERS.filter((layer) => layers.includes(layer)).map((layer) => runStaticLayer(layer))
  for (const check of checks) {
    const result = await check
    heading(result.layer)
    if (result.output.trim()) console.log(result.output.trim())
    ending(result)
    results.push(result)
  }
  for (const layer of TEST_LAYERS.filter((name) => layers.includes(name))) {
    if (bail && results.some(({ reason }) => reason !== undefined)) break
    heading(layer)
    const result = await runTestLayer(layer, reports, filters)
    ending(result)
    results.push(result)
  }
  return results
}

function summarise(results: LayerResult[], ms: number): void {
  console.log(`\n${'═'.repeat(80)}`)
  for (const { layer, reason, counts, ms: layerMs } of results) {
    const tests = counts
      ? `${String(counts.passed).padStart(6)} passed ${String(counts.failed).padStart(4)} failed`
      : ''
    const state = reason === undefined ? 'ok' : `FAILED: ${reason}`
    console.log(`${layer.padEnd(12)}${seconds(layerMs).padStart(9)}  ${tests.padEnd(27)}${state}`)
  }
  console.log(`${'total'.padEnd(12)}${seconds(ms).padStart(9)}`)
  const passed = results.reduce((sum, { counts }) => sum + (counts?.passed ?? 0), 0)
  // A static layer has no tests to count: when it fails, that is one failure.
  const failed = results.reduce((sum, { counts, reason }) => sum + (counts?.failed ?? (reason ? 1 : 0)), 0)
  console.log(`${passed} passed, ${failed} failed`)
}

const { layers, bail, filters } = chosen(process.argv.slice(2))
const started = performance.now()
const reports = mkdtempSync(join(tmpdir(), 'countersign-reports-'))
try {
  const results = await runLayers(layers, bail, filters, reports)
  summarise(results, performance.now() - started)
  process.exitCode = results.some(({ reason }) => reason !== undefined) ? 1 : 0
} finally {
  rmSync(reports, { recursive: true, force: true })
}
