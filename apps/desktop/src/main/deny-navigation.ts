import { app, type WebContents } from 'electron'

const deny = (event: { preventDefault(): void }): void => event.preventDefault()

/** No page leaves its address, opens a window, embeds a webview or loads a frame of another origin, whoever asks. */
export const denyNavigation = (contents: WebContents): void => {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-navigate', deny)
  contents.on('will-redirect', deny)
  contents.on('will-frame-navigate', deny)
  contents.on('will-attach-webview', deny)
  contents.on('select-bluetooth-device', deny)
  contents.on('login', deny)
  // WebRTC would be a way around `connect-src 'none'`.
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp')
}

export const denyNavigationEverywhere = (): void => {
  app.on('web-contents-created', (_event, contents) => denyNavigation(contents))
}
