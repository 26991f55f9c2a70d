import type { AnyChannelKind } from './channel-kind.ts'
import { emailKind } from './kinds/email.ts'
import { slackKind } from './kinds/slack.ts'
import { teamsKind } from './kinds/teams.ts'
import { webhookKind } from './kinds/webhook.ts'

/** THE LIST: a new kind of channel is a file in `kinds/` and one line here. */
export const channelKinds: readonly AnyChannelKind[] = [
  // One on a line.
  emailKind,
  webhookKind,
  slackKind,
  teamsKind,
]
