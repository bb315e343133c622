import type { BrowserServer, Page } from 'playwright'
import type { Stage } from '../stage.ts'

/** Where a control finds the browser that its parent started. */
export const BROWSER_VARIABLE = 'COUNTERSIGN_ATTACKS_BROWSER'

/** Names of the attacker's own; both lead to this machine, the second from the moment on that a page of it was loaded. */
export const ATTACKER = 'attacker.example'
export const REBOUND = 'rebound.example'

const ARGUMENTS = [
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  `--host-resolver-rules=MAP ${ATTACKER} 127.0.0.1, MAP ${REBOUND} 127.0.0.1`,
  // Newer browsers guard loopback themselves; what is shown here is that nothing depends on it.
  '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,BlockInsecurePrivateNetworkRequests,HttpsFirstBalancedModeAutoEnable',
]

let started: Promise<BrowserServer> | undefined

const start = async (): Promise<BrowserServer> => {
  const { chromium } = await import('playwright')
  return chromium.launchServer({
    executablePath: '/usr/bin/chromium',
    headless: true,
    // Its sandbox does not start as root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ARGUMENTS,
  })
}

/** The address of the one browser of this run. */
export const browserEndpoint = async (): Promise<string> => {
  const known = process.env[BROWSER_VARIABLE]
  if (known !== undefined) return known
  started ??= start()
  return (await started).wsEndpoint()
}

/** Ends it, where this process started it. */
export const closeBrowser = async (): Promise<void> => {
  const server = await started
  started = undefined
  await server?.close()
}

/** A page with a profile of its own, as it was left by whoever opened a link to `url`; `html` is what the attacker serves there. */
export const openPage = async (stage: Stage, url: string, html: string): Promise<Page> => {
  const { chromium } = await import('playwright')
  const browser = await chromium.connect(await browserEndpoint())
  stage.later(() => browser.close())
  const page = await (await browser.newContext()).newPage()
  const served = (each: URL): boolean => each.href === url
  await page.route(served, (route) => route.fulfill({ contentType: 'text/html', body: html }))
  await page.goto(url)
  await page.unroute(served)
  return page
}
