/**
 * Runs tasks at once and waits until all have come to rest. The first failure aborts the others through their signal
 * and is thrown, so nothing goes on behind the caller's back. Results keep the order of the tasks.
 */
export async function concurrently<T>(tasks: readonly ((signal: AbortSignal) => Promise<T>)[], signal: AbortSignal): Promise<T[]> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  let failure: { error: unknown } | undefined
  const settled = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        return await task(both)
      } catch (error) {
        failure ??= { error }
        stop.abort(error)
        throw error
      }
    }),
  )
  if (failure) throw failure.error
  return settled.map((outcome) => (outcome as PromiseFulfilledResult<T>).value)
}
