/** The one place that reads the environment for the engine: the named variables that are set. */
export function environment(names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of names) {
    const value = process.env[name]
    if (value !== undefined) found[name] = value
  }
  return found
}

/** For this process and those that it starts. */
export function setEnvironment(name: string, value: string): void {
  process.env[name] = value
}
