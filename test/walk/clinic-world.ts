import { chmod, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { clientOf, type Client } from '#contract/client.ts'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { furnish, type Furnished } from '#demo/furnish.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { testService, type TestService, type TestServiceOptions } from '#test/support/service.ts'

/** A service with a small clinic, furnished as on the first day, and one backup of it. */
export interface ClinicWorld extends AsyncDisposable {
  readonly here: TestService
  readonly cluster: TestCluster
  readonly filesRoot: string
  readonly furnished: Furnished
  /** The administrator's, for what a walk finds beforehand. */
  readonly admin: Client
  /** Where the browser goes. */
  readonly url: string
}

export async function clinicWorld(scale = 0.2, options: Pick<TestServiceOptions, 'port'> = {}): Promise<ClinicWorld> {
  await using parts = new AsyncDisposableStack()
  const here = parts.use(await testService({ isWorker: true, ...options }))
  const cluster = await testCluster()
  parts.defer(() => cluster.stop())
  await cluster.createDatabase('clinic')
  const filesRoot = path.join(here.directory, 'files')
  await mkdir(filesRoot)
  await chmod(filesRoot, 0o755)
  await makeClinic({ target: cluster.url('clinic'), filesRoot, scale, seed: 7 })
  const { url, setUpLink } = here.service
  const furnished = await furnish({
    url,
    setUpToken: setUpLink!.split('#')[1]!,
    databaseUrl: cluster.url('clinic'),
    filesRoot,
    repository: path.join(here.directory, 'repository'),
  })
  const kept = parts.move()
  return {
    here,
    cluster,
    filesRoot,
    furnished,
    admin: clientOf({ url, token: furnished.token }),
    get url() {
      return here.service.url
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
