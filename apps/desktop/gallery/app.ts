import './install-bridge.ts'
import '../src/renderer/app/main.tsx'
