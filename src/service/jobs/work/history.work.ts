import type { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { EntityModelSettings } from '#base/settings.ts'
import { chosenHistory, type ChosenHistory } from '#engine/entities/chosen-history.ts'
import { recordHistory } from '#engine/entities/history.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

export interface HistoryInput {
  readonly repository: RepositoryPlace
  readonly order: {
    readonly kind: string
    readonly key: string
    readonly system: string
    readonly source: string | undefined
    readonly settings: EntityModelSettings
    readonly since: string | undefined
    readonly until: string | undefined
  }
  readonly choice: { readonly tables: readonly string[]; readonly fields: readonly string[] | undefined; readonly rowsMax: number }
}

/** Nothing of it is logged: the key and the rows are somebody's. */
export async function work({ repository: place, order, choice }: HistoryInput, tools: WorkTools): Promise<ChosenHistory> {
  const onDamagedIndex = ({ message }: Fault) => tools.log(`damaged: ${message}`, 'error')
  await using repository = await jobRepository(place, tools, { onDamagedIndex })
  const [since, until] = [order.since, order.until].map((at) => (at === undefined ? undefined : new Date(at)))
  const history = await recordHistory(repository, { ...order, since, until }, tools)
  return chosenHistory(history, { ...choice, bytesMax: limits.historyReplyBytesMax })
}
