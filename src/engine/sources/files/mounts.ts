import { readFile } from 'node:fs/promises'
import { byteString, byteStringOf, type ByteString } from '#engine/byte-string.ts'

export interface Mount {
  /** Absolute path of the mount point. */
  readonly path: ByteString
  /** `ext4`, `tmpfs`, `proc` … */
  readonly fileSystem: string
  /** `major:minor` of the file system. */
  readonly device: string
  /** Path within the file system that is seen at `path`: not `/` for a bind mount. */
  readonly root: ByteString
}

/**
 * What is mounted in a process's view, by default ours (proc_pid_mountinfo(5)). Device numbers alone would miss a bind mount of the
 * same file system, which cannot be renamed either.
 */
export async function readMounts(pid: number | 'self' = 'self'): Promise<Mount[]> {
  const lines = byteString(await readFile(`/proc/${pid}/mountinfo`)).split('\n')
  return lines.flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ', 2)
    const [, , device, root, path] = before.split(' ')
    if (device === undefined || root === undefined || path === undefined) return []
    return [{ path: unescape(path), fileSystem: after.split(' ')[0] ?? '', device, root: unescape(root) }]
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
