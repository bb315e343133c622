import './install-bridge.ts'
import '../src/renderer/features/signing/main.tsx'
