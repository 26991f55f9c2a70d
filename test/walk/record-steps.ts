import type { Page } from 'playwright-core'
import type { DemoPerson } from '#demo/furnish.ts'
import { NextCode } from './next-code.ts'

const minutes = 60_000

/** What a signature asks of a person, for a restore of the demo clinic and for its undo. */
export async function sign(page: Page, { password, totpSecret }: DemoPerson, reason: string): Promise<void> {
  await page.getByLabel('Reason').fill(reason)
  await page.getByLabel('Type demo-clinic to confirm').fill('demo-clinic')
  await page.getByLabel('Your password').fill(password)
  await page.getByLabel('Code of your authenticator').fill(await NextCode.of(totpSecret!))
}

/** The plan that was made with the choices that stand on the page. */
export async function compareAnew(page: Page): Promise<void> {
  const planId = new URL(page.url()).searchParams.get('plan')!
  await page.getByRole('button', { name: 'Compare anew with these choices' }).click()
  await page.waitForURL((url) => url.searchParams.get('plan') !== planId)
  await page.getByText('Compared anew with your choices').waitFor({ timeout: 4 * minutes })
}
