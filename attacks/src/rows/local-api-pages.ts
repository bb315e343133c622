import type { Attack, Weakening } from '../attack.ts'
import { attackFrom } from '../cast/hostile-page.ts'
import { CREDENTIAL, STATE } from '../cast/local-api.ts'

const AREA = 'local API'

/** Any program's token and any page may name this listener as they like. */
export const NO_HOST_CHECK: Weakening = {
  without: 'the comparison of Host with the names of this listener',
  edits: [
    {
      file: 'packages/local-api/src/defence.ts',
      find: "if (headers.host === undefined || !hosts.has(headers.host)) return 'host.refused'",
      replace: "if (headers.host === undefined || hosts.size === 0) return 'host.refused'",
    },
  ],
}

/** Pages are served as programs are. */
export const NO_PAGE_CHECK: Weakening = {
  without: 'the refusal of Origin, Sec-Fetch-Site, -Dest, -User and OPTIONS',
  edits: [
    {
      file: 'packages/local-api/src/defence.ts',
      find: "if (headers.fromPage || method === 'OPTIONS') return 'browser.refused'",
      replace: "if (headers.fromPage && method === '') return 'browser.refused'",
    },
  ],
}

const ANY_TYPE: Weakening = {
  without: `${NO_PAGE_CHECK.without}, and the demand for application/json`,
  edits: [
    ...NO_PAGE_CHECK.edits,
    {
      file: 'packages/local-api/src/read-body.ts',
      find: "return { ok: false, code: 'body.type' }",
      replace: '',
    },
  ],
}

const OPEN_TO_ORIGINS: Weakening = {
  without: `${NO_PAGE_CHECK.without}, and with the header that lets any origin read`,
  edits: [
    ...NO_PAGE_CHECK.edits,
    {
      file: 'packages/local-api/src/respond.ts',
      find: "const COMMON = [\n  'Cache-Control',",
      replace: "const COMMON = [\n  'Access-Control-Allow-Origin',\n  '*',\n  'Cache-Control',",
    },
  ],
}

/** What a page would have approvers asked, as text that is also a form's only field. */
const ASKED = {
  application: 'countersign',
  vault: 'acme',
  environment: 'production',
  items: ['openai'],
  lease: { durationMs: 3_600_000 },
}

export const localApiPages: readonly Attack[] = [
  {
    ref: 'L-rebinding',
    area: AREA,
    title: 'DNS rebinding',
    tried:
      'A page whose name now leads to 127.0.0.1 reads as its own origin: no Origin, no Sec-Fetch header (as Ollama CVE-2024-28224, Trend Micro 2016); it even has a token.',
    refusal: 'host.refused',
    weakened: NO_HOST_CHECK,
    inBrowser: true,
    run: (stage) =>
      attackFrom(stage, 'rebound', ({ page, url, token }) =>
        page.evaluate(
          async ({ address, token }) => {
            const answer = await fetch(address, { headers: { authorization: `Bearer ${token}` } })
            return answer.text()
          },
          { address: url + CREDENTIAL, token },
        ),
      ),
  },
  {
    ref: 'L-cross-site-fetch',
    area: AREA,
    title: 'a page of another site fetches',
    tried:
      'A page fetches state and, with a token, a value across origins, with and without a pre-flight (as Logitech Options 2018, `bw serve` without authentication).',
    refusal: 'browser.refused',
    weakened: OPEN_TO_ORIGINS,
    inBrowser: true,
    run: (stage) =>
      attackFrom(stage, 'elsewhere', ({ page, url, token }) =>
        page.evaluate(
          async ({ state, credential, token }) => {
            const read = (address: string, init: RequestInit): Promise<string> =>
              fetch(address, init).then(
                (answer) => answer.text(),
                () => '',
              )
            const headers = { authorization: `Bearer ${token}` }
            return (
              (await read(credential, { headers })) +
              (await read(credential, { headers, credentials: 'include' })) +
              (await read(state, {}))
            )
          },
          { state: url + STATE, credential: url + CREDENTIAL, token },
        ),
      ),
  },
  {
    ref: 'L-no-cors',
    area: AREA,
    title: 'a page has approvers asked without reading the answer',
    tried:
      'A page posts a request to bind in “no-cors” mode as plain text, which needs no pre-flight (as MCP Inspector CVE-2025-49596).',
    refusal: 'browser.refused',
    weakened: ANY_TYPE,
    inBrowser: true,
    run: (stage) =>
      attackFrom(stage, 'elsewhere', ({ page, url }) =>
        page.evaluate(
          async ({ address, body }) => {
            const init: RequestInit = { method: 'POST', mode: 'no-cors', body }
            return fetch(address, init).then(
              (answer) => answer.text(),
              () => '',
            )
          },
          { address: `${url}/v1/bindings`, body: JSON.stringify({ ...ASKED, reason: 'update' }) },
        ),
      ),
  },
  {
    ref: 'L-form',
    area: AREA,
    title: 'a page posts a form',
    tried:
      'A form with the encoding text/plain whose one field is spelled so that its text is the JSON of a request to bind.',
    refusal: 'browser.refused',
    weakened: ANY_TYPE,
    inBrowser: true,
    run: (stage) =>
      attackFrom(stage, 'elsewhere', async ({ page, url }) => {
        const name = `${JSON.stringify(ASKED).slice(0, -1)},"reason":"`.replaceAll('"', '&quot;')
        await page.setContent(
          `<iframe name="hidden"></iframe><form method="post" enctype="text/plain" target="hidden" action="${url}/v1/bindings">` +
            `<input type="hidden" name="${name}" value="&quot;}"><button>more cats</button></form>`,
        )
        await Promise.all([
          page.waitForResponse((response) => response.url().startsWith(url)),
          page.click('button'),
        ])
        return ''
      }),
  },
  {
    ref: 'L-embedded',
    area: AREA,
    title: 'images, scripts, styles and frames',
    tried:
      'A page embeds an address of the API as image, script, style and frame and learns from whether it loads (as Zoom CVE-2019-13450, which answered by the size of an image).',
    refusal: 'browser.refused',
    weakened: NO_PAGE_CHECK,
    inBrowser: true,
    run: (stage) =>
      attackFrom(stage, 'elsewhere', async ({ page, url }) => {
        const address = url + STATE
        await page.setContent(
          `<link rel="stylesheet" href="${address}"><img src="${address}"><script src="${address}"></script><iframe src="${address}"></iframe>`,
        )
        return ''
      }),
  },
  {
    ref: 'L-websocket',
    area: AREA,
    title: 'a WebSocket from a page',
    tried:
      'A page opens WebSockets, which no same-origin rule holds back (as OpenClaw CVE-2026-25253, Trend Micro 2016).',
    refusal: 'browser.refused',
    weakened: NO_PAGE_CHECK,
    inBrowser: true,
    run: (stage) =>
      attackFrom(stage, 'elsewhere', ({ page, url }) =>
        page.evaluate(
          async (addresses) => {
            const opened = await Promise.all(
              addresses.map(
                (address) =>
                  new Promise<string>((resolve) => {
                    const socket = new WebSocket(address)
                    socket.onmessage = ({ data }) => resolve(String(data))
                    socket.onopen = () => socket.send('{}')
                    socket.onerror = () => resolve('')
                  }),
              ),
            )
            return opened.join('')
          },
          [url.replace('http:', 'ws:') + STATE],
        ),
      ),
  },
]
