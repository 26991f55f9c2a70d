/** A name as `bare` has it: quoted parts are empty, and nothing in it can be anything but a name. */
const name = String.raw`(?:""|[a-z_\u0080-\u00ff][a-z0-9_$\u0080-\u00ff]*)(?:\.(?:""|[a-z_\u0080-\u00ff][a-z0-9_$\u0080-\u00ff]*))*`
const names = String.raw`${name}(?:\s*,\s*${name})*`
/** Types of arguments; operators have a sign for a name. */
const signature = String.raw`(?:${name}|(?:${name}\.)?[-+*/<>=~!@#%^&|?]+)\s*\([\w\s.,"\[\]$*\u0080-\u00ff]*\)`
const plainObjects = String.raw`table|foreign table|view|materialized view|sequence|schema|type|domain|collation|conversion|publication|server|statistics|text search configuration|text search dictionary|(?:procedural )?language`

/**
 * Who owns what and who may do what. A role that is no superuser can say neither of objects that are not its own for ever,
 * so these wait until all is loaded, and the superuser says them. Each pattern is the whole statement: none of these can
 * run a line of code, and whatever looks a little different is left to the loader, who may not.
 */
const patterns: readonly RegExp[] = [
  String.raw`alter (?:${plainObjects}) (?:only )?(?:if exists )?${name} owner to ${name}`,
  String.raw`alter (?:function|procedure|aggregate|routine|operator) ${signature} owner to ${name}`,
  String.raw`alter operator (?:class|family) ${name} using ${name} owner to ${name}`,
  String.raw`alter large object \d+ owner to ${name}`,
  String.raw`(?:grant|revoke) [a-z_ ,()"\u0080-\u00ff\d]+ on (?:[a-z ]+ )?(?:${names}|${signature}|large object \d+) (?:to|from) ${names}(?: with grant option)?`,
  String.raw`alter default privileges for role ${name} (?:in schema ${name} )?(?:grant|revoke) [a-z ]+ on [a-z]+ (?:to|from) ${names}(?: with grant option)?`,
  String.raw`comment on extension ${name} is (?:''|null)`,
].map((pattern) => new RegExp(`^${pattern.replaceAll(' ', String.raw`\s+`)}$`, 'i'))

export function isOwnership(bare: string): boolean {
  return patterns.some((pattern) => pattern.test(bare))
}
