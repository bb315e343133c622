import { buildGallery } from '@countersign/desktop/gallery/build'
import type { Scene } from '@countersign/desktop/gallery/scene'
import { scenes } from '@countersign/desktop/gallery/scenes'
import { type GalleryServer, serveGallery } from '@countersign/desktop/gallery/serve'
import { axeProblems, layoutProblems, openBrowser, openLook, visit } from '@countersign/desktop/gallery/visit'
import { expect, test } from '@playwright/test'
import type { Browser, BrowserContext, Page } from 'playwright'

// Every screen in every state, as the app builds it, under the app's content policy and in both themes.

const usual = { theme: 'light', width: 1280, height: 800 } as const
/** The smallest that the app window gets. */
const smallest = { width: 880, height: 600 }

let browser: Browser
let context: BrowserContext
let server: GalleryServer

test.beforeAll(async () => {
  await buildGallery()
  server = await serveGallery(0)
  browser = await openBrowser()
  context = await openLook(browser, usual)
})
test.afterAll(async () => {
  await browser.close()
  server.close()
})

/** What another theme and another size can break; the rest is the same page. */
const THEME_RULES = ['color-contrast', 'target-size', 'scrollable-region-focusable']

const problemsOf = async (page: Page, rules?: string[]): Promise<string[]> => [
  ...(await axeProblems(page, rules)),
  ...(await layoutProblems(page)),
]

const inTheDark = async (page: Page, scene: Scene): Promise<void> => {
  if (scene.window !== 'signing') await page.setViewportSize(smallest)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.locator('html[data-theme="dark"]').waitFor({ state: 'attached' })
}

for (const scene of scenes) {
  test(`V1 ${scene.name}: accessible in both themes, no error, nothing wider than the window`, async () => {
    const { page, problems } = await visit(context, server.url, scene)
    try {
      const light = await problemsOf(page)
      await inTheDark(page, scene)
      expect({ light, dark: await problemsOf(page, THEME_RULES), problems }).toEqual({
        light: [],
        dark: [],
        problems: [],
      })
    } finally {
      await page.close()
    }
  })
}

test('V2 the checks bite: a button without a name, faint text, a line too wide, a picture from elsewhere', async () => {
  const [scene] = scenes
  if (scene === undefined) throw new Error('no scenes')
  const { page, problems } = await visit(context, server.url, scene)
  await page.evaluate(() => {
    const broken = document.createElement('div')
    const button = document.createElement('button')
    const faint = document.createElement('p')
    faint.textContent = 'hard to read'
    faint.style.color = '#cccccc'
    faint.style.background = '#ffffff'
    const wide = document.createElement('div')
    wide.style.width = '4000px'
    wide.style.height = '1px'
    const picture = new Image()
    picture.alt = ''
    picture.src = 'https://elsewhere.example/picture.png'
    broken.append(button, faint, wide, picture)
    document.body.append(broken)
  })
  const found = (await problemsOf(page)).join('\n')
  expect(found).toContain('button-name')
  expect(found).toContain('color-contrast')
  expect(found).toContain('wider than its window')
  await expect.poll(() => problems.join('\n')).toContain('elsewhere.example')
  await page.close()
})
