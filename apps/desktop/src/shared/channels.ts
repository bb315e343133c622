/** Names of the IPC channels between main and its windows; what goes over them is typed by `contract.ts`. */
export const CALL_CHANNEL = 'countersign:call'
export const EVENT_CHANNEL = 'countersign:event'
export const LOCK_CHANNEL = 'countersign:lock'
export const CONSOLE_CHANNEL = 'countersign:open-console'
/** From the signing window: answered once what is clicked in it counts. */
export const SETTLED_CHANNEL = 'countersign:settled'
/** To the ceremony window only: carries one MessagePort. */
export const CEREMONY_CHANNEL = 'countersign:ceremony'
