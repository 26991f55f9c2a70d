import type { ByteString } from '#engine/byte-string.ts'

/** Any number of names, none among them. */
export const anyDepth = Symbol('any depth')

/** A part of a path that selects: the name itself, a wildcard within one, or any number of names. */
export type SelectingPart = ByteString | RegExp | typeof anyDepth

/**
 * Paths below one root that belong to something, of which those that nothing else names are its own. Held name by name, so that to look
 * for a path takes as long with a million of them as with one; it takes some 150 bytes for each.
 */
export class PathSelection {
  readonly #top: Place = {}

  /** This very path, and nothing below it. What is said of a path by its whole name stands above what patterns say. */
  addPath(path: ByteString, isOwn: boolean): void {
    const place = path.split('/').reduce((above, name) => childOf(above, name as ByteString), this.#top)
    place.exact = isOwn && place.exact !== false
  }

  /** What matches, with all that is below it. A last `anyDepth` is what is below alone. */
  addPattern(parts: readonly SelectingPart[], isOwn: boolean): void {
    const isBelow = parts.at(-1) === anyDepth
    const place = (isBelow ? parts.slice(0, -1) : parts).reduce(childOf, this.#top)
    if (isBelow) place.below = isOwn && place.below !== false
    else place.whole = isOwn && place.whole !== false
  }

  isSelected(path: ByteString): boolean {
    return this.#judge(path) !== undefined
  }

  /** Selected, and named by nothing else. */
  isOwn(path: ByteString): boolean {
    return this.#judge(path) === true
  }

  /** A directory: it, or anything below it, may be selected. */
  mayHold(folder: ByteString): boolean {
    const { places, matched } = this.#follow(folder)
    return matched.length > 0 || places.some((place) => place.isDeep || place.names || place.wild || place.below !== undefined)
  }

  #judge(path: ByteString): boolean | undefined {
    const { places, matched } = this.#follow(path)
    const exact = places.find((place) => place.exact !== undefined)?.exact
    if (exact !== undefined) return exact
    return matched.length === 0 ? undefined : matched.every(Boolean)
  }

  /** Where the names of a path lead, and what the patterns that it matched on the way say of it. */
  #follow(path: ByteString): { readonly places: readonly Place[]; readonly matched: readonly boolean[] } {
    let places = withDeep([this.#top])
    const matched: boolean[] = []
    for (const name of path.split('/')) {
      for (const { below } of places) if (below !== undefined) matched.push(below)
      places = withDeep(places.flatMap((place) => next(place, name as ByteString)))
      for (const { whole } of places) if (whole !== undefined) matched.push(whole)
    }
    return { places, matched }
  }
}

interface Place {
  names?: Map<ByteString, Place>
  wild?: { readonly expression: RegExp; readonly place: Place }[]
  /** Reached over any number of names, none among them. */
  deep?: Place
  isDeep?: boolean
  /** Own, or not: of the path that ends here, */
  exact?: boolean
  /** of what ends here with all below it, */
  whole?: boolean
  /** and of what is below. */
  below?: boolean
}

function childOf(place: Place, part: SelectingPart): Place {
  if (part === anyDepth) return (place.deep ??= { isDeep: true })
  if (part instanceof RegExp) {
    const known = place.wild?.find(({ expression }) => expression.source === part.source)?.place
    if (known) return known
    const made: Place = {}
    place.wild = [...(place.wild ?? []), { expression: part, place: made }]
    return made
  }
  place.names ??= new Map()
  const made = place.names.get(part) ?? {}
  place.names.set(part, made)
  return made
}

function next(place: Place, name: ByteString): Place[] {
  const named = place.names?.get(name)
  const wild = (place.wild ?? []).flatMap((one) => (one.expression.test(name) ? [one.place] : []))
  return [...(named ? [named] : []), ...wild, ...(place.isDeep ? [place] : [])]
}

function withDeep(places: readonly Place[]): Place[] {
  return [...new Set(places.flatMap((place) => (place.deep ? [place, place.deep] : [place])))]
}
