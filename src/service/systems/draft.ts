import { Fault } from '#base/fault.ts'
import { everything, type Scope, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { liesIn, localDirectoryOf, usableRepository } from '#service/repositories/repositories.ts'
import type { StoredRepository } from '#service/repositories/repositories.store.ts'
import { rootsOfOthers } from './systems.store.ts'
import { targetOf, type GivenDatabase } from './systems.ts'

export interface Draft {
  readonly tenantId: string
  readonly databases: readonly GivenDatabase[]
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  readonly repositoryId: string
}

/** Whether this can be a system at all: its URLs, its repository, and directories that are in nobody's way. */
export async function assertDraft(house: House, scope: Scope, draft: Draft): Promise<StoredRepository> {
  for (const [index, database] of draft.databases.entries()) targetOf(database, index)
  const repository = await house.catalog.as(scope, (tx) => repositoryFor(tx, draft))
  await assertFreeDirectories(house, { ...draft, repository })
  return repository
}

/** INPUT_INVALID for a root that is in the way of another one, of the service, of the repository or of another tenant. */
export async function assertFreeDirectories(
  house: House,
  { tenantId, roots, repository }: Pick<Draft, 'tenantId' | 'roots'> & { readonly repository: StoredRepository },
): Promise<void> {
  const others = await house.catalog.as(everything, (tx) => rootsOfOthers(tx, tenantId))
  const taken = takenBy(house, repository, others)
  for (const [index, { path }] of roots.entries()) {
    const inTheWay = [...taken, ...otherRoots(roots, index)].find(({ directory }) => liesIn(path, directory) || liesIn(directory, path))
    if (inTheWay) throw new Fault('INPUT_INVALID', `${path} and ${inTheWay.whose} overlap`, { field: `roots.${index}.path` })
  }
}

/** One of the same tenant that is not retired; after the system is written, too, since it may have been retired meanwhile. */
export async function repositoryFor(
  tx: Tx,
  { tenantId, repositoryId }: Pick<Draft, 'tenantId' | 'repositoryId'>,
): Promise<StoredRepository> {
  const repository = await usableRepository(tx, repositoryId)
  if (repository.tenant_id === tenantId) return repository
  throw new Fault('NOT_FOUND', `there is no repository ${repositoryId}`, { field: 'repositoryId' })
}

interface Taken {
  readonly directory: string
  readonly whose: string
}

/** A backup that reads what it is writing would grow with itself; a restore would replace what is not the system's. */
function takenBy({ config }: House, { place }: StoredRepository, others: readonly string[]): Taken[] {
  const repository = localDirectoryOf(place)
  return [
    { directory: config.dataDirectory, whose: 'what the service keeps for itself' },
    ...(repository === undefined ? [] : [{ directory: repository, whose: 'the repository of its backups' }]),
    ...others.map((directory) => ({ directory, whose: 'a directory of another tenant' })),
  ]
}

function otherRoots(roots: Draft['roots'], index: number): Taken[] {
  return roots.filter((_, other) => other !== index).map(({ name, path }) => ({ directory: path, whose: `root ${name}` }))
}
