/** Paper is white whatever the screen is: text of the dark scheme would be pale on it. */
export function printInLight(): void {
  const root = document.documentElement
  let onScreen: string | null = null
  window.addEventListener('beforeprint', () => {
    onScreen = root.getAttribute(scheme)
    root.setAttribute(scheme, 'light')
  })
  window.addEventListener('afterprint', () => {
    if (onScreen !== null) root.setAttribute(scheme, onScreen)
  })
}

const scheme = 'data-mantine-color-scheme'
