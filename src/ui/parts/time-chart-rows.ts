export interface ChartSeries {
  readonly name: string
  readonly label: string
  /** A name of theme.css: `--busy-line`. */
  readonly color: string
  readonly isDashed?: boolean
}

export interface ChartRow {
  readonly at: string
  /** By the names of the series; null or absent: not known there. */
  readonly values: Readonly<Record<string, number | null>>
}

export interface TimeChartProps {
  /** What is shown, in one line. */
  readonly label: string
  readonly series: readonly ChartSeries[]
  readonly rows: readonly ChartRow[]
  readonly print: (value: number) => string
  readonly hasDots?: boolean
}
