/**
 * Asks whoever takes a stream for memory that its next piece may be read into: at least one byte, at most so many. A piece
 * that begins where the room does need not be copied. One room at a time; it is gone when a piece was taken.
 */
export type AskRoom = (sizeBytesMax: number) => Promise<Uint8Array>
