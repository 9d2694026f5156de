/** One metric over time: SVG strokes, read out by pointer and arrow keys, with a table twin. */
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Annotation, type Answer, isRefusal, type Refusal } from "../api";
import { formats, language, t } from "../language";
import { axisText, metricText } from "../metric-text";
import type { Metric } from "../metrics";
import { Notice } from "../parts/notice";
import type { Interval } from "../ranges";
import { type Point, readSeries } from "../series";
import { ChartTable } from "./chart-table";
import { chartScales, timeTicks, valueAxis } from "./scales";
import { chartShapes } from "./shapes";
import "./time-chart.css";

interface Props {
  answer: Answer | Refusal | null;
  metric: Metric;
  interval: Interval;
  annotations: readonly Annotation[];
  /** The site's present, to tell complete intervals from the running one. */
  wallNow: string;
  retry: () => void;
}

export function TimeChart({ answer, metric, interval, annotations, wallNow, retry }: Props) {
  if (answer === null) return <div class="chart" />;
  if (isRefusal(answer)) {
    return (
      <div class="chart">
        <Notice code={answer.code} retry={retry} />
      </div>
    );
  }
  const points = readSeries(answer, metric, interval, wallNow);
  return (
    <div class="chart">
      <Plot points={points} metric={metric} interval={interval} annotations={annotations} />
      <ChartTable points={points} metric={metric} interval={interval} />
    </div>
  );
}

/** The annotations by the point whose interval has their day. */
function markedPoints(points: readonly Point[], annotations: readonly Annotation[]): Map<number, string[]> {
  const marks = new Map<number, string[]>();
  const [first, last] = [points[0]?.label.slice(0, 10) ?? "", points.at(-1)?.label.slice(0, 10) ?? ""];
  for (const { date, text } of annotations) {
    if (date < first || (points.length > 1 && date > last)) continue;
    const index = points.findLastIndex((point) => point.label.slice(0, 10) <= date);
    const start = points.findIndex((point) => point.label.slice(0, 10) === points[index]?.label.slice(0, 10));
    if (start >= 0) marks.set(start, [...(marks.get(start) ?? []), text]);
  }
  return marks;
}

/** The width of an element, followed as it changes. */
function useWidth() {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const node = element.current;
    if (!node) return;
    setWidth(node.clientWidth);
    const observer = new ResizeObserver(() => setWidth(node.clientWidth));
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  return [element, width] as const;
}

export const isHourLabel = (label: string): boolean => label.includes(":");

/** `14:00`, `Сс, 24 қар.`, `қараша 2026 ж.`: the interval a point stands for; with its day where hours of several meet. */
export function pointName(label: string, interval: Interval, manyDays: boolean): string {
  if (interval === "month") return formats().date(label, "yMMMM");
  if (interval === "week") return t("chart.week_of", { day: formats().date(label, "yMMMd") });
  if (!isHourLabel(label)) return formats().date(label, "yMMMEd");
  const time = formats().date(label, "Hm");
  return manyDays ? `${formats().date(label, "MMMEd")}, ${time}` : time;
}

export function pointText(point: Point, metric: Metric): string {
  if (point.state === "to-come") return t("chart.to_come");
  const value = point.value === null ? t("chart.no_value") : metricText(metric, point.value, formats());
  return point.state === "running" ? `${value} (${t("chart.unfinished")})` : value;
}

const CHARACTER = 7;

interface PlotProps {
  points: Point[];
  metric: Metric;
  interval: Interval;
  annotations: readonly Annotation[];
}

/** Whether points of several days carry times, so that a time alone would not say which. */
export function spansDays(points: readonly Point[]): boolean {
  return points[0]?.label.slice(0, 10) !== points.at(-1)?.label.slice(0, 10);
}

function Plot({ points, metric, interval, annotations }: PlotProps) {
  const [box, width] = useWidth();
  const [active, setActive] = useState<number | null>(null);
  const pattern = useId();
  useEffect(() => setActive(null), [points.length, points[0]?.label]);

  const height = width < 560 ? 200 : 264;
  const hourly = isHourLabel(points[0]?.label ?? "");
  const axis = valueAxis(
    metric,
    Math.max(0, ...points.map((point) => Math.max(point.value ?? 0, point.before?.value ?? 0))),
  );
  const labels = axis.ticks.map((tick) => axisText(metric, tick, formats()));
  const left = Math.max(28, ...labels.map((label) => label.length * CHARACTER + 10));
  const frame = { left, right: Math.max(left + 1, width - 14), top: 14, bottom: height - 30 };
  const scales = chartScales(frame, points.length, axis);
  const shapes = chartShapes(points, scales, frame.bottom);
  const manyDays = spansDays(points);
  const name = (label: string) => pointName(label, interval, manyDays);
  const timed = hourly && !manyDays;
  const room = interval === "month" ? 100 : timed ? 56 : language() === "en" ? 66 : 76;
  const ticks = timeTicks(points.length, interval, frame.right - frame.left, room);
  const marks = markedPoints(points, annotations);
  const point = active === null ? undefined : points[active];
  const empty = points.every((one) => !one.value);
  const step = (to: number) => setActive(Math.max(0, Math.min(points.length - 1, to)));
  const last = Math.max(
    0,
    points.findLastIndex((one) => one.state !== "to-come"),
  );

  const onKeyDown = (event: KeyboardEvent) => {
    const at = active ?? last;
    const moves: Record<string, number> = {
      ArrowLeft: active === null ? last : at - 1,
      ArrowRight: active === null ? last : at + 1,
      ArrowDown: at - 1,
      ArrowUp: at + 1,
      PageDown: at - 7,
      PageUp: at + 7,
      Home: 0,
      End: last,
    };
    const to = moves[event.key];
    if (to !== undefined) step(Math.min(to, last));
    else if (event.key === "Escape" && active !== null) setActive(null);
    else return;
    event.preventDefault();
  };
  const called = t(`metric.${metric}`);
  const shown = points[active ?? last];
  return (
    <div
      ref={box}
      class="plot"
      style={{ height: `${height}px` }}
      role="slider"
      tabIndex={0}
      aria-label={t("chart.keys", { metric: called })}
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={Math.min(active ?? last, last)}
      aria-valuetext={shown ? `${name(shown.label)}: ${pointText(shown, metric)}` : t("chart.empty")}
      data-testid="chart"
      onKeyDown={onKeyDown}
      onBlur={() => setActive(null)}
      onPointerMove={(event) => {
        const at = scales.nearest(event.clientX - event.currentTarget.getBoundingClientRect().left);
        if (points.length > 0) setActive(at);
      }}
      onPointerLeave={() => setActive(null)}
    >
      {width > 0 && (
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true" focusable="false">
          <defs>
            <pattern id={pattern} width="5" height="8" patternUnits="userSpaceOnUse">
              <path d="M2.500 0v8" class="plot-stroke" />
            </pattern>
          </defs>
          {axis.ticks.map((tick, index) => (
            <g key={tick} transform={`translate(0 ${Math.round(scales.y(tick)) + 0.5})`}>
              <path class={tick === 0 ? "plot-base" : "plot-grid"} d={`M${frame.left} 0H${frame.right}`} />
              <text class="plot-text" x={frame.left - 8} y="4" text-anchor="end">
                {labels[index]}
              </text>
            </g>
          ))}
          {ticks.map((index) => (
            <g key={index} transform={`translate(${scales.x(index)} ${frame.bottom})`}>
              <path class="plot-base" d="M0 0v5" />
              <text
                class="plot-text"
                y="20"
                text-anchor={
                  scales.x(index) + 24 > width ? "end" : index === 0 && points.length > 1 ? "start" : "middle"
                }
                dx={index === 0 && points.length > 1 ? -6 : 0}
              >
                {formats().date(points[index]?.label ?? "", timed ? "Hm" : interval === "month" ? "yMMM" : "MMMd")}
              </text>
            </g>
          ))}
          <path class="plot-before" d={shapes.before} data-testid="chart-before" />
          <path d={shapes.area} fill={`url(#${pattern})`} />
          <path class="plot-line" d={shapes.line} />
          <path class="plot-line running" d={shapes.running} data-testid="chart-running" />
          {shapes.dots.map(([x, y]) => (
            <circle key={x} class="plot-dot" cx={x} cy={y} r="3" />
          ))}
          {[...marks.keys()].map((index) => (
            <path
              key={index}
              class="plot-mark"
              d={`M${scales.x(index)} ${frame.top}V${frame.bottom}M${scales.x(index) - 5} ${frame.top}h10l-5 7z`}
              data-testid="chart-mark"
            />
          ))}
          {active !== null && point && (
            <>
              <path class="plot-rule" d={`M${scales.x(active)} ${frame.top}V${frame.bottom}`} />
              {point.value !== null && (
                <circle class="plot-point" cx={scales.x(active)} cy={scales.y(point.value)} r="4.500" />
              )}
            </>
          )}
        </svg>
      )}
      {empty && width > 0 && <p class="plot-empty quiet">{t("chart.empty")}</p>}
      {active !== null && point && (
        <div
          class={scales.x(active) > width / 2 ? "readout before" : "readout"}
          style={{ left: `${scales.x(active)}px` }}
          aria-hidden="true"
          data-testid="chart-readout"
        >
          <span class="quiet">{name(point.label)}</span>
          <span>
            {called}: <strong>{pointText(point, metric)}</strong>
          </span>
          {point.before && (
            <span class="quiet">
              {name(point.before.label)}: {metricText(metric, point.before.value, formats())}
            </span>
          )}
          {(marks.get(active) ?? []).map((text) => (
            <span key={text} class="readout-note">
              {text}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}
