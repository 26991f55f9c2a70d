import type { FastifyInstance } from 'fastify'
import { me } from '#contract/me.ts'
import { signIn } from '#contract/sign-in.ts'
import { everything } from '#service/catalog/scope.ts'
import { serve } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { changePassword, showMe } from './me.ts'
import { isSetUp } from './set-up.store.ts'
import { setUp } from './set-up.ts'
import { signInWithPassword, signInWithTotp, signOut } from './sign-in.ts'

export function addPeople(app: FastifyInstance, house: House): void {
  serve(app, house, signIn.setUpState, async () => ({ isSetUp: await house.catalog.as(everything, isSetUp) }))
  serve(app, house, signIn.setUp, (call) => setUp(house, call))
  serve(app, house, signIn.password, (call) => signInWithPassword(house, call))
  serve(app, house, signIn.totp, (call) => signInWithTotp(house, call))
  serve(app, house, signIn.end, (call) => signOut(house, call))
  serve(app, house, me.show, (call) => showMe(house, call))
  serve(app, house, me.changePassword, (call) => changePassword(house, call))
}
