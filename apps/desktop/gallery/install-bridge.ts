import { useApp } from '../src/renderer/data/app-store.ts'
import { fixtureBridge } from './fixture-bridge.ts'
import { scenes } from './scenes.ts'

// Imported before the window's own entry: what preload does in the app.
const wanted = new URLSearchParams(location.search).get('scene') ?? 'credentials'
const scene = scenes.find((each) => each.name === wanted)
if (scene === undefined) throw new Error(`no scene ${wanted}`)
Object.defineProperty(window, 'countersign', {
  value: fixtureBridge(scene.status ?? {}, scene.replies ?? {}, scene.events ?? []),
})
useApp.setState({ page: scene.page ?? 'credentials', open: scene.open ?? null })
