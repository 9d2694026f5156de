/** One metric over time: SVG strokes, read out by pointer and arrow keys, with a table twin. */
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Metric } from "../address";
import { type Answer, isRefusal, type Refusal } from "../api";
import { formats, language, t } from "../language";
import { axisText, metricText } from "../metric-text";
import { Notice } from "../parts/notice";
import { type Point, readSeries } from "../series";
import { ChartTable } from "./chart-table";
import { chartScales, timeTicks, valueAxis } from "./scales";
import { chartShapes } from "./shapes";
import "./time-chart.css";

interface Props {
  answer: Answer | Refusal | null;
  metric: Metric;
  /** The site's present, to tell complete intervals from the running one. */
  wallNow: string;
  retry: () => void;
}

export function TimeChart({ answer, metric, wallNow, retry }: Props) {
  if (answer === null) return <div class="chart" />;
  if (isRefusal(answer)) {
    return (
      <div class="chart">
        <Notice code={answer.code} retry={retry} />
      </div>
    );
  }
  const points = readSeries(answer, metric, wallNow);
  return (
    <div class="chart">
      <Plot points={points} metric={metric} />
      <ChartTable points={points} metric={metric} />
    </div>
  );
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

/** `14:00`, or `Сс, 24 қар.`: the interval a point stands for. */
export function pointName(label: string): string {
  return isHourLabel(label) ? formats().date(label, "Hm") : formats().date(label, "yMMMEd");
}

export function pointText(point: Point, metric: Metric): string {
  if (point.state === "to-come") return t("chart.to_come");
  const value = point.value === null ? t("chart.no_value") : metricText(metric, point.value, formats());
  return point.state === "running" ? `${value} (${t("chart.unfinished")})` : value;
}

const CHARACTER = 7;

function Plot({ points, metric }: { points: Point[]; metric: Metric }) {
  const [box, width] = useWidth();
  const [active, setActive] = useState<number | null>(null);
  const pattern = useId();
  useEffect(() => setActive(null), [points.length, points[0]?.label]);

  const height = width < 560 ? 200 : 264;
  const hourly = isHourLabel(points[0]?.label ?? "");
  const axis = valueAxis(metric, Math.max(0, ...points.map((point) => point.value ?? 0)));
  const labels = axis.ticks.map((tick) => axisText(metric, tick, formats()));
  const left = Math.max(28, ...labels.map((label) => label.length * CHARACTER + 10));
  const frame = { left, right: Math.max(left + 1, width - 14), top: 14, bottom: height - 30 };
  const scales = chartScales(frame, points.length, axis);
  const shapes = chartShapes(points, scales, frame.bottom);
  const room = hourly ? 56 : language() === "en" ? 66 : 76;
  const ticks = timeTicks(points.length, hourly, frame.right - frame.left, room);
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
  const name = t(`metric.${metric}`);
  const shown = points[active ?? last];
  return (
    <div
      ref={box}
      class="plot"
      style={{ height: `${height}px` }}
      role="slider"
      tabIndex={0}
      aria-label={t("chart.keys", { metric: name })}
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={Math.min(active ?? last, last)}
      aria-valuetext={shown ? `${pointName(shown.label)}: ${pointText(shown, metric)}` : t("chart.empty")}
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
                {formats().date(points[index]?.label ?? "", hourly ? "Hm" : "MMMd")}
              </text>
            </g>
          ))}
          <path d={shapes.area} fill={`url(#${pattern})`} />
          <path class="plot-line" d={shapes.line} />
          <path class="plot-line running" d={shapes.running} data-testid="chart-running" />
          {shapes.dots.map(([x, y]) => (
            <circle key={x} class="plot-dot" cx={x} cy={y} r="3" />
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
          <span class="quiet">{pointName(point.label)}</span>
          <span>
            {name}: <strong>{pointText(point, metric)}</strong>
          </span>
        </div>
      )}
    </div>
  );
}
