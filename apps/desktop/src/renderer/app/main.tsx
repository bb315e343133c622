import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { listenToCore } from '../data/app-store.ts'
import { followTheme } from '../theme/apply-theme.ts'
import '../theme/base.css'
import '../ui/ui.css'
import './app.css'
import { App } from './app.tsx'

followTheme()
listenToCore()
const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
