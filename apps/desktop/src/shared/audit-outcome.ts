/** What an audit row's `outcome` says of an entry that was taken and that this installation cannot read. */
export const UNREADABLE = 'unreadable'
