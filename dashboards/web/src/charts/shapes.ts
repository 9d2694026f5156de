/** Paths of the time chart: what is complete as a solid line over its strokes, what is still running as a dashed one. */
import { area, curveMonotoneX, line } from "d3-shape";
import type { Point } from "../series";

interface Scales {
  x: (index: number) => number;
  y: (value: number) => number;
}

interface Placed {
  index: number;
  value: number | null;
}

export interface Shapes {
  line: string;
  area: string;
  running: string;
  /** The period compared with. */
  before: string;
  /** Points without a neighbour, which a line would not show. */
  dots: [x: number, y: number][];
}

export function chartShapes(points: Point[], { x, y }: Scales, base: number): Shapes {
  const complete: Placed[] = [];
  let running: Placed | null = null;
  points.forEach((point, index) => {
    if (point.state === "complete") complete.push({ index, value: point.value });
    else if (point.state === "running") running = { index, value: point.value };
  });
  const has = (point: Placed) => point.value !== null;
  const draw = line<Placed>(
    (point) => x(point.index),
    (point) => y(point.value ?? 0),
  )
    .defined(has)
    .curve(curveMonotoneX);
  const fill = area<Placed>(
    (point) => x(point.index),
    base,
    (point) => y(point.value ?? 0),
  )
    .defined(has)
    .curve(curveMonotoneX);
  return {
    line: draw(complete) ?? "",
    area: fill(complete) ?? "",
    before: draw(points.map((point, index) => ({ index, value: point.before?.value ?? null }))) ?? "",
    running: runningPath(complete.at(-1) ?? null, running, x, y),
    dots: loneDots([...complete, ...(running ? [running] : [])], x, y),
  };
}

function runningPath(last: Placed | null, running: Placed | null, x: Scales["x"], y: Scales["y"]): string {
  if (last?.value == null || running?.value == null) return "";
  return `M${x(last.index)},${y(last.value)}L${x(running.index)},${y(running.value)}`;
}

function loneDots(points: Placed[], x: Scales["x"], y: Scales["y"]): [number, number][] {
  return points
    .filter((point, at) => point.value !== null && points[at - 1]?.value == null && points[at + 1]?.value == null)
    .map((point) => [x(point.index), y(point.value ?? 0)]);
}
