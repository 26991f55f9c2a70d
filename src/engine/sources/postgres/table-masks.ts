interface MaskedColumn {
  readonly name: string
  readonly type: string
  readonly isGenerated: boolean
}

/** What becomes of one table's rows on their way out of a capture. */
export type TableMasks =
  | { readonly kind: 'excluded' }
  | {
      readonly kind: 'masked'
      /** Expressions over the row, read behind its columns and dropped again. */
      readonly extra: readonly string[]
      /** As many rows as there were, of the table's own columns alone. */
      readonly mask: (rows: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>
      /** A masked value may belong into another partition: the rows go in through this table, in the order of its columns. */
      readonly through?: { readonly schema: string; readonly table: string; readonly columns: readonly MaskedColumn[] } | undefined
    }
