// What many ask for at the same time is found out once. Whoever asks joins only what has not begun yet, so that nobody is told
// less than what was committed before they asked: while one goes on, those that come wait for the next one together.

/** `find` is given all keys that waited while it was at work. */
export function batched<T>(find: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>): (key: string) => Promise<T | undefined> {
  const found = inTurns(find)
  return async (key) => (await found(key)).get(key)
}

/** Of those that wait with one key, the first one's work is done, and they are told alike how it ended. */
export class SharedWork<T> {
  readonly #lanes = new Map<string, { readonly ask: (work: () => Promise<T>) => Promise<T>; asking: number }>()

  async run(key: string, work: () => Promise<T>): Promise<T> {
    const lane = this.#lanes.get(key) ?? { ask: inTurns(([first]: readonly (() => Promise<T>)[]) => first!()), asking: 0 }
    this.#lanes.set(key, lane)
    lane.asking += 1
    try {
      return await lane.ask(work)
    } finally {
      lane.asking -= 1
      if (lane.asking === 0) this.#lanes.delete(key)
    }
  }
}

function inTurns<Given, T>(run: (given: readonly Given[]) => Promise<T>): (given: Given) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  let next: { readonly given: Given[]; readonly answer: Promise<T> } | undefined
  const board = () => {
    const given: Given[] = []
    const answer = last.then(() => {
      next = undefined
      return run(given)
    })
    // Those that come later are not concerned with how it ended.
    last = answer.catch(() => undefined)
    return { given, answer }
  }
  return (given) => {
    next ??= board()
    next.given.push(given)
    return next.answer
  }
}
