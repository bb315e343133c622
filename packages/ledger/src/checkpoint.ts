import { hashSchema, seqSchema } from '@countersign/schema/bytes'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { headSchema } from '@countersign/schema/entry'
import { toHex } from '@countersign/schema/hex'
import { idSchema } from '@countersign/schema/ids'
import { z } from 'zod'
import { type CompartmentState, itemForkSchema, itemStateSchema } from './compartment.ts'
import { HashLog } from './hash-log.ts'
import {
  accessStepSchema,
  auditKeyRecordSchema,
  cutRecordSchema,
  deviceKeysSchema,
  epochRecordSchema,
  memberRecordSchema,
  type Projection,
  pinnedCredentialSchema,
  teamKeyRecordSchema,
} from './projection-record.ts'
import { restoring } from './restoring.ts'

const bytes = z.instanceof(Uint8Array)
export const pairs = <T extends z.ZodType>(value: T) => z.array(z.tuple([z.string(), value]))
export const idList = z.array(idSchema)

const environmentSchema = z.strictObject({
  environment: idSchema,
  vault: idSchema,
  epochs: z.array(epochRecordSchema).min(1),
  cuts: z.array(cutRecordSchema),
  rekeyDue: z.boolean(),
  access: pairs(z.array(accessStepSchema)),
  wrapsAt: pairs(seqSchema),
})

export const projectionSchema = z.strictObject({
  team: idSchema.nullable(),
  genesis: hashSchema.nullable(),
  head: headSchema.nullable(),
  bootstrapClosed: z.boolean(),
  members: z.array(memberRecordSchema),
  devices: z.array(deviceKeysSchema),
  credentials: z.array(pinnedCredentialSchema),
  vaults: idList,
  environments: z.array(environmentSchema),
  teamKeys: z.array(teamKeyRecordSchema),
  auditKeys: z.array(auditKeyRecordSchema),
})

const compartmentSchema = z.strictObject({
  v: z.literal(1),
  environment: idSchema,
  hashes: bytes,
  ids: idList,
  citedSeq: z.number().int().min(-1),
  lastUnder: z.array(z.tuple([seqSchema, seqSchema])),
  items: pairs(itemStateSchema),
  forks: pairs(z.array(itemForkSchema)),
})

export const projectionToPlain = (projection: Projection): CborValue =>
  ({
    ...projection,
    members: [...projection.members.values()],
    devices: [...projection.devices.values()],
    credentials: [...projection.credentials.values()],
    vaults: [...projection.vaults],
    environments: [...projection.environments.values()].map((environment) => ({
      ...environment,
      access: [...environment.access],
      wrapsAt: [...environment.wrapsAt],
    })),
  }) as CborValue

export const projectionFrom = (plain: z.infer<typeof projectionSchema>): Projection => ({
  ...plain,
  members: new Map(plain.members.map((each) => [each.member, each])),
  devices: new Map(plain.devices.map((each) => [each.device, each])),
  credentials: new Map(plain.credentials.map((each) => [toHex(each.credentialId), each])),
  vaults: new Set(plain.vaults),
  environments: new Map(
    plain.environments.map((each) => [
      each.environment,
      { ...each, access: new Map(each.access), wrapsAt: new Map(each.wrapsAt) },
    ]),
  ),
})

/** Canonical bytes of the plain projection that a locked client or a server keeps. */
export const serializeProjection = (projection: Projection): Uint8Array =>
  encodeCanonical(projectionToPlain(projection))

export const restoreProjection = (checkpoint: Uint8Array): Projection =>
  restoring(() => projectionFrom(projectionSchema.parse(decodeCanonical(checkpoint))))

export const serializeCompartment = (state: CompartmentState): Uint8Array =>
  encodeCanonical({
    v: 1,
    environment: state.environment,
    hashes: state.hashes.toBytes(),
    ids: [...state.ids],
    citedSeq: state.citedSeq,
    lastUnder: [...state.lastUnder],
    items: [...state.items],
    forks: [...state.forks],
  } as CborValue)

export const restoreCompartment = (checkpoint: Uint8Array): CompartmentState =>
  restoring(() => {
    const plain = compartmentSchema.parse(decodeCanonical(checkpoint))
    return {
      environment: plain.environment,
      hashes: HashLog.fromBytes(plain.hashes),
      ids: new Set(plain.ids),
      citedSeq: plain.citedSeq,
      lastUnder: new Map(plain.lastUnder),
      items: new Map(plain.items),
      forks: new Map(plain.forks),
    }
  })
