/** What the next one will be, by those before it. */
export interface Prediction {
  readonly value: number | null
  /**
   * By how much it was off, as a share of what came, in the middle one of the past runs that it was tried on; null until there are
   * three of those.
   */
  readonly typicalError: number | null
  /** Past runs that it was tried on. */
  readonly triedOn: number
}

type Method = (before: readonly number[]) => number

/** So many before it say something of the next one; older ones were of another time. */
const window = 7

const methods: readonly Method[] = [
  (before) => median(before.slice(-window)),
  (before) => before.at(-1)!,
  // What grows evenly is a step further on.
  (before) => Math.max(0, before.at(-1)! + median(steps(before.slice(-window)))),
]

/** Of values in the order of time. Of a few simple ways, the one that would have been right most nearly until now. */
export function predict(values: readonly number[]): Prediction {
  if (values.length === 0) return { value: null, typicalError: null, triedOn: 0 }
  const [best] = methods
    .map((method) => ({ value: method(values), errors: errorsOf(method, values) }))
    .toSorted((a, b) => median(a.errors) - median(b.errors))
  const { value, errors } = best!
  return { value, typicalError: errors.length < 3 ? null : median(errors), triedOn: errors.length }
}

/** What it would have said of each one before that one was there. */
function errorsOf(method: Method, values: readonly number[]): number[] {
  return values.slice(2).map((actual, index) => Math.abs(method(values.slice(0, index + 2)) - actual) / Math.max(actual, 1))
}

function steps(values: readonly number[]): number[] {
  return values.slice(1).map((value, index) => value - values[index]!)
}

/** The middle one; 0 of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
