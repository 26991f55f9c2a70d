/** Closes a union: a new kind fails to compile at every `default:` that matters. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
