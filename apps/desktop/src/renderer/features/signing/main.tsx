import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { listenToCore } from '../../data/app-store.ts'
import { followTheme } from '../../theme/apply-theme.ts'
import '../../theme/base.css'
import '../../ui/ui.css'
import './signing.css'
import { SigningWindow } from './signing-window.tsx'

followTheme()
listenToCore()
const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')
createRoot(root).render(
  <StrictMode>
    <SigningWindow />
  </StrictMode>,
)
