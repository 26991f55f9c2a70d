/**
 * The one text of a JSON value that a signature is over: no spaces, names in the order of their UTF-16 code units, numbers
 * and strings as ECMAScript prints them (RFC 8785 "JSON Canonicalization Scheme"). What is undefined is left out.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    // Without a comparison of ours: the default one is by code units, which is the one that is asked for.
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
}
