import { readFile } from 'node:fs/promises'
import { byteString, byteStringOf, type ByteString } from '../../byte-string.ts'

export interface Mount {
  /** Absolute path of the mount point. */
  readonly path: ByteString
  /** `ext4`, `tmpfs`, `proc` … */
  readonly fileSystem: string
}

/**
 * What is mounted in this process's view (proc_pid_mountinfo(5)). Device numbers alone would miss a bind mount of the
 * same file system, which cannot be renamed either.
 */
export async function readMounts(): Promise<Mount[]> {
  const lines = byteString(await readFile('/proc/self/mountinfo')).split('\n')
  return lines.flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ', 2)
    const path = before.split(' ')[4]
    return path === undefined ? [] : [{ path: unescape(path), fileSystem: after.split(' ')[0] ?? '' }]
  })
}

/** Mounts strictly below a directory. `directory` is an absolute path without symlinks. */
export function mountsBelow(mounts: readonly Mount[], directory: string): Mount[] {
  const prefix = directory === '/' ? '/' : `${byteStringOf(directory)}/`
  return mounts.filter(({ path }) => path.startsWith(prefix) && path.length > prefix.length)
}

export function isMountPoint(mounts: readonly Mount[], directory: string): boolean {
  const path = byteStringOf(directory)
  return mounts.some((mount) => mount.path === path)
}

/** File systems that the kernel makes up: they hold nothing that could be restored. */
export function isMadeUp(fileSystem: string): boolean {
  return madeUp.has(fileSystem)
}

const madeUp = new Set(
  'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts efivarfs fusectl mqueue nsfs proc pstore rpc_pipefs securityfs selinuxfs sysfs tracefs'.split(
    ' ',
  ),
)

/** Space, tab, newline and backslash stand as octal. */
function unescape(path: string): ByteString {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))) as ByteString
}
