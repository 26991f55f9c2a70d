/** AES-256 key, then the `k` and the `r` of Poly1305-AES: 32 + 16 + 16. */
export const keyBytesLength = 64
