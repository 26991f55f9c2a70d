// pg-copy-streams 7 ships no types. A query that is a stream: give it to `client.query`, then read or write it.
declare module 'pg-copy-streams' {
  import type { Duplex, DuplexOptions, Readable, Writable } from 'node:stream'
  import type { Connection, Submittable } from 'pg'

  export interface CopyToStream extends Readable, Submittable {
    /** What the server says at the end: rows of the COPY tag. */
    rowCount: number
    submit(connection: Connection): void
  }
  export interface CopyFromStream extends Writable, Submittable {
    rowCount: number
    submit(connection: Connection): void
  }
  export function to(sql: string, options?: DuplexOptions): CopyToStream
  export function from(sql: string, options?: DuplexOptions): CopyFromStream
  export function both(sql: string, options?: DuplexOptions): Duplex & Submittable
}
