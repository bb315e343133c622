import { RP_ORIGIN } from '@countersign/crypto/rp'
import type { Page } from 'playwright'
import { fromJson, toJson } from '../src/bytes-json.ts'

/** What a page asks a plugged-in key for: a credential's id and its PRF salt, as a hostile server that stores the wraps knows both. */
export interface Bait {
  readonly rpId: string
  readonly credentialId: Uint8Array
  readonly prfSalt: Uint8Array
}

/** S-rp-phishing: the PRF output the page was given, or the name of the error it was given instead. */
export const askForSecret = async (page: Page, url: string, bait: Bait): Promise<Uint8Array | string> => {
  await page.context().route(
    (address) => address.href === url,
    (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Unlock Countersign</title>' }),
  )
  await page.goto(url)
  const answer = await page.evaluate(
    async ({ json }) => {
      const { rpId, credentialId, prfSalt } = JSON.parse(json, (_, value) =>
        typeof value === 'object' && value !== null && '$bytes' in value
          ? Uint8Array.from(atob(String(value.$bytes)), (each) => each.charCodeAt(0))
          : value,
      )
      if (!('credentials' in navigator)) return JSON.stringify('no security keys here')
      try {
        const got = await navigator.credentials.get({
          publicKey: {
            rpId,
            challenge: crypto.getRandomValues(new Uint8Array(32)),
            allowCredentials: [{ type: 'public-key', id: credentialId }],
            userVerification: 'required',
            timeout: 2_000,
            extensions: { prf: { eval: { first: prfSalt } } },
          },
        })
        if (!(got instanceof PublicKeyCredential)) return JSON.stringify('nothing')
        const first = got.getClientExtensionResults().prf?.results?.first
        if (!(first instanceof ArrayBuffer)) return JSON.stringify('an answer without PRF')
        return JSON.stringify({ $bytes: btoa(String.fromCharCode(...new Uint8Array(first))) })
      } catch (error) {
        return JSON.stringify(error instanceof DOMException ? error.name : String(error))
      }
    },
    { json: JSON.stringify(toJson(bait)) },
  )
  const told = fromJson(JSON.parse(answer))
  if (typeof told === 'string' || told instanceof Uint8Array) return told
  throw new Error('the page says neither what it got nor what stopped it')
}

/** Where an attacker can have a page: a domain of their own, a sibling and the parent of ours, ours without TLS, this computer. */
export const FOREIGN_PAGES: readonly string[] = [
  'https://sync.example/',
  'https://countersign.invalid/',
  'https://login.countersign.invalid/',
  'http://unlock.countersign.invalid/',
  'http://localhost:8080/',
]

/** Where nobody can: names under `.invalid` lead nowhere, and no authority certifies them (RFC 6761, section 6.4). */
export const OWN_PAGES: readonly string[] = [`${RP_ORIGIN}/`, 'https://pages.unlock.countersign.invalid/']
