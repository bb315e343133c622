import { listenToCore } from '../../data/app-store.ts'
import { followTheme } from '../../theme/apply-theme.ts'
import { mount } from '../../ui/mount.tsx'
import '../../theme/base.css'
import '../../ui/ui.css'
import './signing.css'
import { SigningWindow } from './signing-window.tsx'

followTheme()
listenToCore()
mount(<SigningWindow />)
