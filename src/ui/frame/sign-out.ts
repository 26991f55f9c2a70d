import { signIn } from '#contract/sign-in.ts'
import { client, queries } from '#ui/call.ts'

export async function signOut(): Promise<void> {
  await client.call(signIn.end, {})
  queries.clear()
  window.location.assign('/sign-in')
}
