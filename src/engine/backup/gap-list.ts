import type { Gap } from '#engine/sources/source.ts'
import { gapsListedMax, type Manifest } from './manifest.ts'

/** Counts every gap and names as many as a manifest lists. */
export class GapList {
  count = 0
  readonly #first: Gap[] = []

  readonly add = (gap: Gap): void => {
    this.count += 1
    if (this.#first.length < gapsListedMax) this.#first.push(gap)
  }

  summary(): Manifest['gaps'] {
    return { count: this.count, first: [...this.#first] }
  }
}
