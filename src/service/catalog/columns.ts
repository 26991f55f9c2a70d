import type { ColumnType } from 'kysely'

/** Documents are handed over as text and come back parsed. */
export type Json<T> = ColumnType<T, string, string>
export type WithDefault<T> = ColumnType<T, T | undefined, T>
