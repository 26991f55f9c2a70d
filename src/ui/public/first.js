// Runs before everything else. A file of its own: the policy allows no inline script.

// Before the first paint, so that a dark page does not flash white.
const chosen = localStorage.getItem('mantine-color-scheme-value')
const isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')

// zod tries whether it may write functions as text. The policy forbids it, and the browser would report each try.
globalThis.__zod_globalConfig = { jitless: true }
