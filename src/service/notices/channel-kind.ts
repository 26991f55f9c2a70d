import type { z } from 'zod'
import type { Severity } from '#contract/notice-kinds.ts'

/** What goes out: words for people, and for programs what it is about. Neither secrets nor patient data. */
export interface Message {
  readonly severity: Severity
  /** One line. */
  readonly subject: string
  readonly lines: readonly string[]
  /** Of the alert that it is about: messages of one alert belong together. */
  readonly thread: string | null
  /** For programs. */
  readonly notice: Readonly<Record<string, string | null>>
}

export interface Sending {
  /** The same in each try: whoever gets it twice can tell. */
  readonly id: string
  readonly message: Message
  readonly at: Date
  /** No answer by then: it did not come through. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** One way on which people are told, as data: a file in `kinds/`, and a line in `channel-kinds.ts`. */
export interface ChannelKind<Settings, Secrets> {
  /** As the catalog names it. */
  readonly name: string
  readonly title: string
  /** What is shown. */
  readonly settings: z.ZodType<Settings>
  /** What never is. */
  readonly secrets: z.ZodType<Secrets>
  /** Where it leads, without secrets. */
  place(settings: Settings, secrets: Secrets): string
  /** Whether secrets that were given for those settings may go where these lead. */
  keepsSecrets(before: Settings, after: Settings): boolean
  /** What the server answered. CHANNEL_FAILED when it did not take the message. */
  send(settings: Settings, secrets: Secrets, sending: Sending): Promise<string>
}

/** A kind as the list holds it: settings and secrets go through its own schemas before it gets them. */
export type AnyChannelKind = ChannelKind<Document, Document>
export type Document = Readonly<Record<string, unknown>>

/** Keeps settings and secrets of one type each. */
export function channelKind<Settings extends Document, Secrets extends Document>(kind: ChannelKind<Settings, Secrets>): AnyChannelKind {
  return kind
}
