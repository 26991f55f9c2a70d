import pg from 'pg'

/** The role and the database of the catalog in a private cluster: a plain role, so that row security holds for it. */
export async function madeCatalogDatabase(superuser: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(superuser)
  await client.connect()
  try {
    const { rowCount: hasRole } = await client.query("select from pg_roles where rolname = 'integrum'")
    if (!hasRole) await client.query('create role integrum login')
    const { rowCount: hasDatabase } = await client.query("select from pg_database where datname = 'integrum'")
    if (!hasDatabase) await client.query('create database integrum owner integrum')
  } finally {
    await client.end()
  }
}
