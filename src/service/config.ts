import path from 'node:path'
import { z } from 'zod'
import { limits } from '#base/limits.ts'
import { parseValue } from '#base/parse.ts'
import { environment } from '#host/environment.ts'

/** What the service is told at its start, by options and environment; everything else stands in the catalog. */
const configSchema = z.strictObject({
  /** Holds the private PostgreSQL, the sealing key, journals of restores, downloads in the making. */
  dataDirectory: z.string().min(1),
  /** 0: any free port. */
  port: z.number().int().min(0).max(65_535),
  address: z.string().min(1),
  /** Of a PostgreSQL of yours; the service runs one of its own otherwise. A password comes from PGPASSFILE. */
  databaseUrl: z.string().min(1).optional(),
  /** What people type into the browser, where a proxy stands before the service: links and cookies follow it. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Takes jobs in this process too. */
  isWorker: z.boolean(),
  /** Of different systems and repositories; those of one run one after the other. */
  jobsAtOnce: z.number().int().min(1).max(64),
  /** Has a process ready for the next job; absent: each job starts its own. */
  keepsSpare: z.boolean().optional(),
})
export type Config = z.infer<typeof configSchema>

/** What links begin with. */
export function ownUrl({ publicUrl, address, port }: Config): string {
  return publicUrl ?? `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}

export interface ConfigOptions {
  readonly port?: number | undefined
  readonly data?: string | undefined
  readonly address?: string | undefined
  readonly isWorker?: boolean | undefined
  readonly jobsAtOnce?: number | undefined
}

export function readConfig(options: ConfigOptions, defaultDataDirectory: string): Config {
  const { INTEGRUM_DATABASE_URL, INTEGRUM_DATA, INTEGRUM_PORT, INTEGRUM_ADDRESS, INTEGRUM_PUBLIC_URL } = environment([
    'INTEGRUM_DATABASE_URL',
    'INTEGRUM_DATA',
    'INTEGRUM_PORT',
    'INTEGRUM_ADDRESS',
    'INTEGRUM_PUBLIC_URL',
  ])
  return parseValue(
    configSchema,
    {
      dataDirectory: path.resolve(options.data ?? INTEGRUM_DATA ?? defaultDataDirectory),
      port: options.port ?? (INTEGRUM_PORT === undefined ? 8440 : Number(INTEGRUM_PORT)),
      address: options.address ?? INTEGRUM_ADDRESS ?? '127.0.0.1',
      ...(INTEGRUM_DATABASE_URL !== undefined && { databaseUrl: INTEGRUM_DATABASE_URL }),
      ...(INTEGRUM_PUBLIC_URL !== undefined && { publicUrl: INTEGRUM_PUBLIC_URL.replace(/\/$/, '') }),
      isWorker: options.isWorker ?? true,
      jobsAtOnce: options.jobsAtOnce ?? limits.jobsAtOnce,
      keepsSpare: true,
    },
    'the configuration of the service',
  )
}
