import type { Asked } from '#contract/client.ts'
import type { Endpoint } from '#contract/endpoint.ts'
import type { Act } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'

/**
 * Saves, and says so even though the form is gone by then: it is made anew with what was saved. What is refused stands in
 * the form, which stays in that case.
 */
export async function saveAndSay<E extends Endpoint>(act: Act<E>, asked: Asked<E>, title: string): Promise<void> {
  const isSaved = await act.mutateAsync(asked).then(
    () => true,
    () => false,
  )
  if (isSaved) notify({ tone: 'good', title })
}
