import type { TreeHead } from '@countersign/crypto/checkpoint'
import type { StreamName } from '@countersign/schema/ids'
import type { CosignedTree } from '@countersign/schema/wire'

/** Nobody can own a name under `.invalid` (RFC 2606 §2): origins and cosigners are names, not addresses. */
const HOST = 'countersign.invalid'

/** The origin line of a stream's checkpoints. */
export const treeOrigin = (team: string, stream: StreamName): string => `${HOST}/${team}/${stream}`

/** The name under which a device cosigns. */
export const cosignerName = (team: string, device: string): string => `${HOST}/${team}/device/${device}`

export const treeHeadOf = (team: string, { stream, size, root }: CosignedTree): TreeHead => ({
  origin: treeOrigin(team, stream),
  size,
  root,
})
