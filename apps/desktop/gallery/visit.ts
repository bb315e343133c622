import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import type { Scene } from './scene.ts'

export interface Look {
  theme: 'light' | 'dark'
  width: number
  height: number
}

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.COUNTERSIGN_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  })

const play = async (page: Page, scene: Scene): Promise<void> => {
  for (const step of scene.steps ?? []) {
    if ('press' in step) await page.keyboard.press(step.press)
    else if ('fill' in step) await page.getByLabel(step.fill, { exact: true }).fill(step.with)
    else if ('choose' in step)
      await page.getByLabel(step.choose, { exact: true }).selectOption({ label: step.option })
    else {
      const scope = step.in === undefined ? page : page.getByRole('article', { name: step.in })
      await scope
        .getByRole('button', { name: step.click, exact: false })
        .or(scope.locator('summary', { hasText: step.click }))
        .first()
        .click({ timeout: 4000 })
    }
  }
}

/** Windows of one look, with axe-core in each; they share what they have fetched. */
export const openLook = async (browser: Browser, look: Look): Promise<BrowserContext> => {
  const context = await browser.newContext({
    viewport: look,
    colorScheme: look.theme,
    reducedMotion: 'reduce',
  })
  await context.addInitScript({ content: axeSource })
  return context
}

/** Opens a scene as a person would see it; `problems` are its console errors and a broken step. */
export const visit = async (
  context: BrowserContext,
  url: string,
  scene: Scene,
): Promise<{ page: Page; problems: string[] }> => {
  const problems: string[] = []
  const page = await context.newPage()
  if (scene.window === 'signing') await page.setViewportSize({ width: 640, height: 780 })
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(error.message))
  await page.goto(`${url}/${scene.window ?? 'app'}.html?scene=${scene.name}`)
  await page.waitForFunction(() => document.querySelector('#root')?.firstElementChild != null)
  await page.waitForTimeout(scene.window === 'signing' ? 650 : 120)
  await play(page, scene).catch((error: Error) =>
    problems.push(error.message.split('\n')[0] ?? 'a step failed'),
  )
  await page.waitForTimeout(80)
  return { page, problems }
}

/** Until nothing moves any more: a colour on its way from one theme to the other is neither's. */
const settle = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve))
    await frame()
    await frame()
    const ends = document.getAnimations().filter((each) => each instanceof CSSTransition)
    await Promise.all(ends.map((each) => each.finished.catch(() => undefined)))
    await frame()
  })

/** What axe-core finds wrong on the page, one line each: by all of its rules, or by those named. */
export const axeProblems = async (page: Page, rules?: string[]): Promise<string[]> => {
  await settle(page)
  const results = await page.evaluate((only) => {
    const { axe } = window as typeof window & { axe: { run: (options: RunOptions) => Promise<AxeResults> } }
    return axe.run({ resultTypes: ['violations'], ...(only && { runOnly: only }) })
  }, rules)
  return results.violations.flatMap((each) =>
    each.nodes.map(
      (node) => `${each.id}: ${node.target.join(' ')} (${node.failureSummary?.split('\n')[1]?.trim()})`,
    ),
  )
}

/** Whether the page is wider than its window: then something is cut off, or everything moves sideways. */
export const layoutProblems = async (page: Page): Promise<string[]> => {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  return beyond > 0 ? [`the page is ${beyond} pixels wider than its window`] : []
}
