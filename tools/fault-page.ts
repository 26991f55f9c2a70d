import { faultCodes, type FaultCode } from '#base/fault-codes.ts'
import { Fault } from '#base/fault.ts'
import { statusOf } from '#service/http/problem.ts'

// `node tools/fault-page.ts > docs/guide/fault-codes.md` prints the table of every fault; a test holds the page in step.

/** Every code, what it ends a command with, what it is over HTTP, and what to do. */
export function faultPage(): string {
  const rows = Object.keys(faultCodes).map((code) => {
    const fault = new Fault(code as FaultCode, code)
    const retry = fault.retry ? 'yes' : ''
    return `| \`${code}\` | ${fault.exitCode} | ${statusOf(fault)} | ${retry} | ${fault.hint.replaceAll('|', '\\|')} |`
  })
  return `# Every fault, by its code

Printed from [the one table](../../src/base/fault-codes.ts) that the product itself uses. The fact is said where it happens; here stands what to
do. "Retry" says that the same call may succeed later without anybody acting; jobs do so by themselves. What happened to whom, at 3 a.m.:
[troubleshooting](troubleshooting.md).

| code | exit code | HTTP | retry | what to do |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}

if (import.meta.main) process.stdout.write(faultPage())
