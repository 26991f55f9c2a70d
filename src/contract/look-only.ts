/**
 * Sent with a question that a page asks by itself while nobody is at it: it is answered, and the session does not count as
 * used, so that it ends when its time without anybody is over (HIPAA 164.312(a)(2)(iii), automatic logoff).
 */
export const lookOnlyHeader = 'integrum-look-only'
