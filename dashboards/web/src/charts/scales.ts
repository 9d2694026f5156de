/**
 * Scales and ticks of the time chart. The ticks are d3-array's, which d3-scale uses too; d3-scale itself would add
 * colours, interpolation and number formats of its own, 8 KiB of the 45 the first load may have.
 */
import { nice, ticks } from "d3-array";
import type { Metric } from "../metrics";
import type { Interval } from "../ranges";

/** Steps that read well as times, in seconds. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];
const TICKS = 4;

export interface ValueAxis {
  top: number;
  ticks: number[];
}

function every(step: number, most: number): ValueAxis {
  const count = Math.max(1, Math.ceil(most / step));
  return { top: count * step, ticks: Array.from({ length: count + 1 }, (_, index) => index * step) };
}

/** From zero to a round number at or above the greatest value; counts have whole ticks, times have clock-like ones. */
export function valueAxis(metric: Metric, most: number): ValueAxis {
  if (metric === "visit_duration" || metric === "engaged_time") {
    const step = TIME_STEPS.find((candidate) => most / candidate <= TICKS) ?? Math.ceil(most / TICKS / 86_400) * 86_400;
    return every(step, most);
  }
  if (metric === "bounce_rate") return every(most > 50 ? 25 : 10, most);
  if (most <= TICKS) return every(1, Math.max(1, most));
  const [, top] = nice(0, most, TICKS);
  return { top, ticks: ticks(0, top, TICKS).filter(Number.isInteger) };
}

export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Where values and points go within the frame. */
export function chartScales(frame: Frame, points: number, axis: ValueAxis) {
  const step = (frame.right - frame.left) / Math.max(1, points - 1);
  const rise = (frame.bottom - frame.top) / axis.top;
  return {
    x: (index: number) => (points === 1 ? (frame.left + frame.right) / 2 : frame.left + index * step),
    y: (value: number) => frame.bottom - value * rise,
    /** The point nearest to a horizontal position. */
    nearest: (position: number) => Math.max(0, Math.min(points - 1, Math.round((position - frame.left) / step))),
  };
}

const STEPS: Record<Interval, readonly number[]> = {
  minute: [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720],
  hour: [1, 2, 3, 6, 12, 24, 48, 72, 96, 120, 168],
  day: [1, 2, 3, 5, 7, 10, 14, 21, 28, 35, 56, 84, 112, 182, 365, 730, 1825],
  week: [1, 2, 4, 8, 13, 26, 52, 104],
  month: [1, 2, 3, 6, 12, 24, 60],
};

/** Which labels of a series stand under the axis: evenly spaced, at least `room` pixels apart. */
export function timeTicks(count: number, interval: Interval, width: number, room: number): number[] {
  if (count === 0) return [];
  const fits = Math.max(1, Math.floor(width / room));
  const step = STEPS[interval].find((candidate) => (count - 1) / candidate <= fits) ?? count;
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}
