import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { messageOf } from '#base/fault.ts'
import { signIn } from '#contract/sign-in.ts'
import { clientOf } from '#contract/client.ts'
import type { DemoPerson } from '#demo/furnish.ts'
import { isOfDialog } from './dialogs.ts'
import { NextCode } from './next-code.ts'

/** Where a walk leaves what it saw; not kept by git. */
const pictures = path.resolve('build/walk')

const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'

export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags.split(' ') })
}

export const sizes = { desk: { width: 1360, height: 900 }, phone: { width: 390, height: 844 } } as const

const showIn = (scheme: 'light' | 'dark') => `document.documentElement.setAttribute('data-mantine-color-scheme', '${scheme}')`

const schemeWhilePrinting = `(() => {
  dispatchEvent(new Event('beforeprint'))
  const scheme = document.documentElement.getAttribute('data-mantine-color-scheme')
  dispatchEvent(new Event('afterprint'))
  return scheme
})()`

/** Somebody in front of the pages. */
export class Visitor {
  readonly page: Page
  readonly #context: BrowserContext
  readonly #url: string
  /** What the browser complained about: errors of scripts, refused requests, answers that failed. */
  readonly #complaints: string[] = []
  #expected: readonly RegExp[] = []

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.#context = context
    this.page = page
    this.#url = url
    page.on(
      'console',
      (message) => message.type() === 'error' && this.#complaints.push(`console: ${message.text()} (${message.location().url})`),
    )
    page.on('pageerror', (error) => this.#complaints.push(`page: ${error.message}`))
    page.on(
      'response',
      (answer) => answer.status() >= 400 && this.#complaints.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`),
    )
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? 'failed'
      // A page that is left gives up what it was asking.
      if (why !== 'net::ERR_ABORTED') this.#complaints.push(`${why} ${request.url()}`)
    })
  }

  static async arrive(browser: Browser, url: string, size: keyof typeof sizes = 'desk'): Promise<Visitor> {
    const context = await browser.newContext({ viewport: sizes[size], locale: 'en-GB', timezoneId: 'Europe/Berlin', acceptDownloads: true })
    context.setDefaultTimeout(15_000)
    return new Visitor(context, await context.newPage(), url)
  }

  /** Complaints that belong to what is being walked: a denial, a server that is away. */
  expect(...patterns: readonly RegExp[]): void {
    this.#expected = [...this.#expected, ...patterns]
  }

  async open(place: string): Promise<void> {
    await this.page.goto(`${this.#url}${place}`)
  }

  /** As the sign-in page does it, without it: for walks of something else. */
  async signInAs({ name, password, totpSecret }: DemoPerson): Promise<void> {
    const first = await clientOf({ url: this.#url }).call(signIn.password, { body: { name, password } })
    const done =
      first.next === 'done'
        ? first
        : await clientOf({ url: this.#url, token: first.token }).call(signIn.totp, { body: { code: await NextCode.of(totpSecret!) } })
    await this.#context.addCookies([{ name: 'integrum_session', value: done.token, url: this.#url, httpOnly: true, sameSite: 'Lax' }])
  }

  /** axe on what is shown now, in light and in dark, and pictures of both and of a phone's width. */
  async look(name: string): Promise<void> {
    await mkdir(pictures, { recursive: true })
    await this.settle()
    if (isOfDialog(name)) await this.page.locator('[role="dialog"], [role="menu"]').filter({ visible: true }).first().waitFor()
    for (const scheme of ['light', 'dark'] as const) {
      await this.page.evaluate(showIn(scheme))
      await this.page.waitForTimeout(350)
      await this.page.screenshot({ path: path.join(pictures, `${name}-${scheme}.png`) })
      await this.#assertAccessible(`${name}, ${scheme}`)
    }
    await this.page.evaluate(showIn('light'))
    const before = this.page.viewportSize()!
    await this.page.setViewportSize(sizes.phone)
    await this.page.waitForTimeout(350)
    await this.page.screenshot({ path: path.join(pictures, `${name}-phone.png`) })
    const overflow = await this.page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
    await this.page.setViewportSize(before)
    // The menu comes back by a transition: a click meanwhile would miss.
    await this.page.waitForTimeout(350)
    assert.ok(overflow <= 0, `${name}: at a phone's width the page is ${overflow} px too wide`)
  }

  /** As it comes out on paper: a picture of the whole, the PDF, and nothing that is only for the screen. */
  async print(name: string): Promise<void> {
    await mkdir(pictures, { recursive: true })
    await this.settle()
    await this.page.evaluate(showIn('dark'))
    // The browser says that it prints, as for a person: what is dark on the screen is light on paper.
    await this.page.pdf({ path: path.join(pictures, `${name}.pdf`), format: 'A4' })
    const events = await this.page.evaluate<string>(schemeWhilePrinting)
    assert.equal(events, 'light')
    await this.page.evaluate(showIn('light'))
    await this.page.emulateMedia({ media: 'print' })
    await this.page.screenshot({ path: path.join(pictures, `${name}-paper.png`), fullPage: true })
    for (const control of ['navigation', 'banner'] as const)
      assert.equal(
        await this.page
          .getByRole(control, { name: /Pages|Integrum/ })
          .filter({ visible: true })
          .count(),
        0,
        `${name}: ${control}`,
      )
    const left = await this.page
      .locator('main :is(.mantine-Button-root, .mantine-ActionIcon-root, input)')
      .filter({ visible: true })
      .allInnerTexts()
    await this.page.emulateMedia({ media: 'screen' })
    assert.deepEqual(left, [], `${name}: what nobody can press on paper`)
  }

  /** Until nothing that is shown waits for an answer. */
  async settle(): Promise<void> {
    // The stream of events never ends, so that "network idle" never comes: what is busy says so itself.
    for (let tries = 0; (await this.page.locator('[aria-busy="true"]').count()) > 0; tries += 1) {
      assert.ok(tries < 150, 'the page stays busy')
      await this.page.waitForTimeout(100)
    }
  }

  async #assertAccessible(what: string): Promise<void> {
    const found = await new AxeBuilder({ page: this.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
    const bad = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    const lines = bad.flatMap(({ id, help, nodes }) =>
      nodes.slice(0, 4).map(({ html, failureSummary }) => `${id}: ${help}\n  ${html.slice(0, 300)}\n  ${failureSummary ?? ''}`),
    )
    assert.equal(bad.length, 0, `${what}: axe found\n${lines.join('\n')}`)
  }

  /** What went wrong that nobody expected. */
  complaints(): readonly string[] {
    return this.#complaints.filter((complaint) => !this.#expected.some((pattern) => pattern.test(complaint)))
  }

  async leave(): Promise<void> {
    await this.#context.close()
  }
}

export interface WalkOptions {
  /** Signed in already. */
  readonly as?: DemoPerson
  readonly size?: keyof typeof sizes
}

/** One person, from arriving to leaving. Fails as well when the browser complained; a walk that fails leaves a picture of where. */
export async function walk(
  { browser, url, name }: { readonly browser: Browser; readonly url: string; readonly name: string },
  { as, size = 'desk' }: WalkOptions,
  steps: (visitor: Visitor) => Promise<void>,
): Promise<void> {
  const visitor = await Visitor.arrive(browser, url, size)
  try {
    if (as) await visitor.signInAs(as)
    await steps(visitor)
    assert.deepEqual(visitor.complaints(), [], 'the browser complained')
  } catch (error) {
    await mkdir(pictures, { recursive: true })
    await visitor.page.screenshot({ path: path.join(pictures, `failed-${name}.png`) })
    throw new Error(`${name}: ${messageOf(error)}\nat ${visitor.page.url()}\n${visitor.complaints().join('\n')}`, { cause: error })
  } finally {
    await visitor.leave()
  }
}
