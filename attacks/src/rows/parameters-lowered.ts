import { createServer } from 'node:http'
import { wrapsToUpload } from '@countersign/client/keys/ways-in'
import { joinedTeam } from '@countersign/client/team/found-team'
import { fetchWrapByKey, fetchWrapChallenge, wrapOptions } from '@countersign/client/transport/wraps'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { recoveryWrapKey } from '@countersign/crypto/derive'
import { equalBytes } from '@countersign/crypto/hash'
import { randomBytes } from '@countersign/crypto/random'
import { unwrapRoot } from '@countersign/crypto/root-wrap'
import { Secret } from '@countersign/crypto/secret'
import { encodeCanonical } from '@countersign/schema/canonical'
import { fromHex } from '@countersign/schema/hex'
import { LEDGER } from '@countersign/schema/ids'
import { WRAP_CONTENT_TYPE, WRAP_FETCH_PATH, WRAP_OPTIONS_PATH } from '@countersign/schema/wrap-http'
import { type Attack, type Finding, nobodyToTell, refused, succeeded } from '../attack.ts'
import { approvalOf, challengeOf, credentialsOf, writeApproval } from '../cast/approvals.ts'
import { stranger } from '../cast/attacker.ts'
import { Company } from '../cast/company.ts'
import { judgementOf } from '../cast/judgement.ts'
import { softwareKeyWithout } from '../cast/touch-keys.ts'
import type { Stage } from '../stage.ts'

const AREA = 'hostile server: published'
const GUESSES = 4096

/** A new device of Ada's asks the server for her wrapped root, as far as it gets. */
const fetchOnNewDevice = async (company: Company): Promise<Finding | null> => {
  const { ada, server, team } = company
  const place = { url: server.url, server: server.id, team, member: ada.member }
  const options = await wrapOptions(place)
  if (!options.ok) return refused(options.code, options.message)
  const challenge = fetchWrapChallenge(place, options.value)
  const credentialIds = options.value.credentials.map(({ credentialId }) => credentialId)
  const assertion = ada.keys.touch({ challenge, credentialIds })
  const fetched = await fetchWrapByKey(place, options.value, assertion)
  return fetched.ok ? null : refused(fetched.code, fetched.message)
}

const withWraps = async (stage: Stage): Promise<Company> => {
  const company = await Company.found(stage)
  company.server.wraps.push(...wrapsToUpload(company.ada.membership))
  return company
}

/** Answers the first question of a new device with these options on top of the true ones. */
const answerOptions = (
  company: Company,
  changed: (credential: Uint8Array) => object,
): { readonly proofs: () => number } => {
  const { server, ada } = company
  let proofs = 0
  server.http = (request, _body, response) => {
    if (request.url?.endsWith(WRAP_FETCH_PATH) === true) proofs += 1
    if (request.url?.endsWith(WRAP_OPTIONS_PATH) !== true) return false
    const [credential] = credentialsOf(ada)
    if (credential === undefined) throw new Error('Ada has no security key')
    const salt = randomBytes(32)
    const answer = {
      server: server.id,
      nonce: randomBytes(48),
      credentials: [{ credentialId: credential, salt }],
    }
    response
      .writeHead(200, { 'content-type': WRAP_CONTENT_TYPE })
      .end(encodeCanonical({ ...answer, ...changed(credential) }))
    return true
  }
  return { proofs: () => proofs }
}

export const parametersLowered: readonly Attack[] = [
  {
    ref: 'BW03',
    area: AREA,
    title: 'a flag of the server makes the client send key material to an address it names',
    tried: 'redirects a new device’s proof for its wrapped root to another address',
    refusal: 'server.unreachable',
    weakened: {
      without: 'the refusal of redirects',
      edits: [
        {
          file: 'packages/client/src/transport/wraps.ts',
          find: "redirect: 'error',",
          replace: "redirect: 'follow',",
        },
      ],
    },
    run: async (stage) => {
      const company = await withWraps(stage)
      let sentElsewhere = 0
      const elsewhere = createServer((request, response) => {
        request.on('data', (chunk: Buffer) => {
          sentElsewhere += chunk.length
          stage.wire.said(chunk)
        })
        request.on('end', () => response.writeHead(403).end())
      })
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
      stage.later(() => new Promise((resolve) => elsewhere.close(resolve)))
      const address = elsewhere.address()
      if (address === null || typeof address === 'string') throw new Error('not listening')
      company.server.http = (request, _body, response) => {
        if (request.url?.endsWith(WRAP_FETCH_PATH) !== true) return false
        response.writeHead(307, { location: `http://127.0.0.1:${address.port}/collect` }).end()
        return true
      }
      const refusal = await fetchOnNewDevice(company)
      if (sentElsewhere > 0) return succeeded(`${sentElsewhere} bytes of proof went to the server’s address`)
      if (refusal === null) throw new Error('neither sent nor refused')
      return refusal
    },
  },
  {
    ref: 'BW07',
    area: AREA,
    title: 'offline guessing of what wraps the root key',
    tried: `tries ${GUESSES} codes on the recovery wrap that it keeps, as if a server could make the code cheap`,
    refusal: 'open_failed',
    weakened: {
      without: 'all but 12 bits of the recovery code',
      edits: [
        {
          file: 'packages/crypto/src/derive.ts',
          find: "hkdf(ofLength(code, 20, 'a recovery code'), NO_SALT, 'root-wrap/recovery')",
          replace:
            "hkdf(Secret.take(Uint8Array.of(code.expose()[0] ?? 0, (code.expose()[1] ?? 0) & 0xf0)), NO_SALT, 'root-wrap/recovery')",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team } = company
      const nia = await stranger(company, 'Nia')
      const { text, ask } = nia.enrolment.newRecoveryCode()
      if (!nia.enrolment.confirmRecoveryCode(ask.map((number) => text.split('-')[number - 1] ?? '')))
        throw new Error('the recovery code was not confirmed')
      stage.plant('recovery code', new TextEncoder().encode(text))
      const head = server.timeline.head(LEDGER)
      if (head === null) throw new Error('there is no ledger')
      const place = {
        genesisHash: ada.membership.genesisHash,
        head,
        server: { url: server.url, id: server.id },
      }
      server.wraps.push(...wrapsToUpload(joinedTeam(nia.enrolment, place)))
      const wrap = server.wraps.find(({ record }) => record.locatorKey !== null)
      if (wrap === undefined) throw new Error('the server keeps no recovery wrap')
      const { credential, blob } = wrap.record
      for (let guess = 0; guess < GUESSES; guess++) {
        const code = new Uint8Array(20)
        code[0] = guess >> 4
        code[1] = (guess & 0xf) << 4
        const kek = recoveryWrapKey(Secret.take(code))
        try {
          const { root } = unwrapRoot({
            kek,
            team: fromHex(team),
            member: fromHex(nia.member),
            credential,
            blob,
          })
          if (equalBytes(root.expose(), nia.root.expose()))
            return succeeded(`the root key, at guess ${guess}`)
        } catch (error) {
          if (!(error instanceof CryptoError)) throw error
        }
      }
      return nobodyToTell(
        'open_failed',
        `${GUESSES} guesses opened nothing; the code has 160 random bits, and the server says nothing about how it is used`,
      )
    },
  },
  {
    ref: 'LP04',
    area: AREA,
    title: 'parameters of key derivation named by the server',
    tried: 'answers a new device with “kdf: one iteration” beside the salts',
    refusal: 'server.malformed',
    weakened: {
      without: 'the refusal of unknown members in the server’s answer',
      edits: [
        {
          file: 'packages/schema/src/wrap-http.ts',
          find: 'wrapOptionsSchema = z.strictObject({',
          replace: 'wrapOptionsSchema = z.object({',
        },
      ],
    },
    run: async (stage) => {
      const company = await withWraps(stage)
      const asked = answerOptions(company, () => ({ kdf: { iterations: 1 } }))
      const refusal = await fetchOnNewDevice(company)
      if (asked.proofs() > 0) return succeeded('the client went on under parameters that the server named')
      if (refusal === null) throw new Error('neither refused nor gone on')
      return refusal
    },
  },
  {
    ref: 'DL04',
    area: AREA,
    title: 'the salt of key derivation taken away',
    tried: 'answers a new device with an empty salt for its security key',
    refusal: 'server.malformed',
    weakened: {
      without: 'the length of a salt',
      edits: [
        {
          file: 'packages/schema/src/wrap-http.ts',
          find: 'salt: bytesSchema(32)',
          replace: 'salt: bytesSchema(0, 32)',
        },
      ],
    },
    run: async (stage) => {
      const company = await withWraps(stage)
      const asked = answerOptions(company, (credentialId) => ({
        credentials: [{ credentialId, salt: new Uint8Array(0) }],
      }))
      const refusal = await fetchOnNewDevice(company)
      if (asked.proofs() > 0) return succeeded('the client asks its security key with an empty salt')
      if (refusal === null) throw new Error('neither refused nor gone on')
      return refusal
    },
  },
  {
    ref: '1P04',
    area: AREA,
    title: 'the strength of an authentication lowered: a touch without PIN or fingerprint',
    tried:
      'approves with Abel’s stolen security key, which was touched but not unlocked, from his open session',
    refusal: 'approval.assertion',
    weakened: {
      without: 'the demand for user verification',
      edits: [
        {
          file: 'packages/crypto/src/assertion.ts',
          find: "if (!data.flags.userVerified) return refuse('assertion.user_verified')",
          replace: '',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const abel = await company.approver()
      const dana = await company.developer()
      await company.requireApprovals(1)
      const item = await company.item('openai', stage.canary('value'))
      await dana.inStepWith(ada)
      const request = await company.ask(dana, item)
      await abel.inStepWith(dana)
      const { statement, body } = approvalOf(abel, request)
      const [key] = abel.keys.keys
      if (key === undefined) throw new Error('Abel has no security key')
      const assertion = softwareKeyWithout(key, 'userVerified', challengeOf(statement), credentialsOf(abel))
      const entry = writeApproval(company, abel, request, body, assertion)
      server.push(server.timeline, LEDGER, entry)
      const refusal = await judgementOf(ada, entry)
      if (refusal !== null) return refusal
      if (ada.session.ledger.requests.get(request)?.approvals.length !== 1)
        throw new Error('it counts for nothing')
      return succeeded('a touch without PIN counts as Abel’s approval')
    },
  },
]
