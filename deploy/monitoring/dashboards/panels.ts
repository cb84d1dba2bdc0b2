import {
  GraphGradientMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import { datasource } from './variables.ts'

/** What every panel says of itself. Widths of a line add up to 24. */
interface PanelFacts {
  readonly title: string
  /** What it answers, and what to think of it. */
  readonly description: string
  /** One of Grafana's units; default a short number. */
  readonly unit?: string
  readonly width: number
}

/** A query, and what the legend calls its series. */
export interface Query {
  readonly expr: string
  readonly legend: string
}

/** From this value on it is this colour. */
export interface Step {
  readonly from: number
  readonly color: 'green' | 'orange' | 'red'
}

const lineHeight = 8
const figureHeight = 4

/** Curves over time, with their last and greatest value beside each name. */
export function graph(
  facts: PanelFacts & {
    readonly queries: readonly Query[]
    readonly stacked?: boolean
    /** Where the axis ends, for what has an end. */
    readonly max?: number
    /** Lines across the panel. */
    readonly steps?: readonly Step[]
  },
): timeseries.PanelBuilder {
  const { title, description, unit = 'short', width, queries, stacked = false, max, steps } = facts
  const panel = new timeseries.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .unit(unit)
    .min(0)
    .span(width)
    .height(lineHeight)
    .lineWidth(1)
    .fillOpacity(stacked ? 25 : 8)
    .gradientMode(GraphGradientMode.Opacity)
    .showPoints(VisibilityMode.Never)
    .stacking(new StackingConfigBuilder().mode(stacked ? StackingMode.Normal : StackingMode.None))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
  for (const [index, query] of queries.entries()) panel.withTarget(target(query, index).range())
  if (max !== undefined) panel.max(max)
  if (steps) {
    const style = new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed)
    panel.thresholds(thresholds(steps)).thresholdsStyle(style)
  }
  return panel
}

/** One figure, coloured by what it means. */
export function figure(
  facts: PanelFacts & {
    readonly query: string
    readonly steps?: readonly Step[]
    /** Words for values: `{ 0: 'down' }`. */
    readonly words?: Readonly<Record<number, string>>
  },
): stat.PanelBuilder {
  const { title, description, unit = 'short', width, query, steps = [], words } = facts
  const panel = new stat.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .unit(unit)
    .span(width)
    .height(figureHeight)
    .noValue('no data')
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(steps))
    .withTarget(target({ expr: query, legend: title }).range())
  if (words) {
    const options = Object.fromEntries(Object.entries(words).map(([value, text]) => [value, { text }]))
    panel.mappings([{ type: MappingType.ValueToText, options }])
  }
  return panel
}

/** How the values of a histogram are spread, over time. `query` gives its buckets by `le`. */
export function spread(facts: PanelFacts & { readonly query: string }): heatmap.PanelBuilder {
  const { title, description, unit = 'short', width, query } = facts
  return new heatmap.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .span(width)
    .height(lineHeight)
    .calculate(false)
    .yAxis(new heatmap.YAxisConfigBuilder().unit(unit))
    .color(new heatmap.HeatmapColorOptionsBuilder().mode(heatmap.HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
    .filterValues(new heatmap.FilterValueRangeBuilder().le(1e-9))
    .withTarget(target({ expr: query, legend: '{{le}}' }).range().format(PromQueryFormat.Heatmap))
}

function target({ expr, legend }: Query, index = 0): DataqueryBuilder {
  const refId = String.fromCharCode('A'.charCodeAt(0) + index)
  return new DataqueryBuilder().refId(refId).datasource(datasource).expr(expr).legendFormat(legend)
}

/** Below the first step all is green. */
function thresholds(steps: readonly Step[]): ThresholdsConfigBuilder {
  const base: Threshold = { value: null, color: 'green' }
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([base, ...steps.map(({ from, color }) => ({ value: from, color }))])
}
