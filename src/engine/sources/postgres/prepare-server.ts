import { connectMaintenance } from './maintenance.ts'
import { quoteLiteral, quoteName } from './connection.ts'
import type { DatabaseSection } from './database-section.ts'
import { surveyServer } from './server-identity.ts'
import type { DatabaseTarget } from './target.ts'

/**
 * Gives a private server the tablespaces that these databases name, each in a directory that `makeDirectory` makes for it.
 * Roles are made by staging. Returns the server's version.
 */
export async function prepareServer(
  target: DatabaseTarget,
  sections: readonly DatabaseSection[],
  makeDirectory: (number: number) => Promise<string>,
): Promise<string> {
  await using beside = await connectMaintenance([target])
  const wanted = new Set(sections.flatMap(({ tablespaces, properties }) => [...tablespaces, properties.tablespace]))
  const present = await beside.query<{ name: string }>('select spcname::text as name from pg_catalog.pg_tablespace')
  for (const { name } of present) wanted.delete(name)
  for (const [at, name] of [...wanted].entries()) {
    await beside.query(`create tablespace ${quoteName(name)} location ${quoteLiteral(await makeDirectory(at))}`)
  }
  return (await surveyServer(beside)).serverVersion.text
}
