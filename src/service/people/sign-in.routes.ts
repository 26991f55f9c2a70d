import type { FastifyInstance } from 'fastify'
import { keys } from '#contract/keys.ts'
import { me } from '#contract/me.ts'
import { signIn } from '#contract/sign-in.ts'
import { signingPolicy } from '#contract/signing-policy.ts'
import { everything } from '#service/catalog/scope.ts'
import { serve } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { startTicker } from '#service/ticker.ts'
import { createKey, listOwnKeys, revokeOwnKey } from './keys.ts'
import { acceptPolicy, changePassword, showMe } from './me.ts'
import { beginOwnTotp, confirmOwnTotp, removeOwnTotp, renewOwnRecoveryCodes } from './own-totp.ts'
import { readOidc } from './oidc-settings.ts'
import { comeFromProvider, goToProvider } from './oidc.ts'
import { isSetUp } from './set-up.store.ts'
import { setUp } from './set-up.ts'
import { signInLookEveryMs, watchSignIns } from './sign-in-watch.ts'
import { signInWithPassword, signInWithTotp, signOut } from './sign-in.ts'

/** How somebody comes in, and what they do about themselves. */
export function addSignIn(app: FastifyInstance, house: House): void {
  serve(app, house, signIn.setUpState, async () => ({ isSetUp: await house.catalog.as(everything, isSetUp) }))
  serve(app, house, signIn.setUp, (call) => setUp(house, call))
  serve(app, house, signIn.password, (call) => signInWithPassword(house, call))
  serve(app, house, signIn.totp, (call) => signInWithTotp(house, call))
  serve(app, house, signIn.ways, async () => house.catalog.as(everything, async (tx) => ({ hasOidc: (await readOidc(tx)) !== undefined })))
  serve(app, house, signIn.oidc, (call) => goToProvider(house, call))
  serve(app, house, signIn.oidcCallback, (call) => comeFromProvider(house, call))
  serve(app, house, signIn.end, (call) => signOut(house, call))
  serve(app, house, me.show, (call) => showMe(house, call))
  serve(app, house, me.changePassword, (call) => changePassword(house, call))
  serve(app, house, me.beginTotp, (call) => beginOwnTotp(house, call))
  serve(app, house, me.confirmTotp, (call) => confirmOwnTotp(house, call))
  serve(app, house, me.renewRecoveryCodes, (call) => renewOwnRecoveryCodes(house, call))
  serve(app, house, me.removeTotp, (call) => removeOwnTotp(house, call))
  serve(app, house, me.signingPolicy, async () => signingPolicy)
  serve(app, house, me.acceptSigningPolicy, (call) => acceptPolicy(house, call))
  serve(app, house, keys.list, (call) => listOwnKeys(house, call))
  serve(app, house, keys.create, (call) => createKey(house, call))
  serve(app, house, keys.revoke, (call) => revokeOwnKey(house, call))
  const ticker = startTicker(house, { name: 'watching sign-ins', everyMs: signInLookEveryMs }, () => watchSignIns(house))
  app.addHook('onClose', () => ticker[Symbol.asyncDispose]())
}
