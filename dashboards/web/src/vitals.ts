/** Web vitals: what is good and what is poor (web.dev's thresholds for the 75th percentile). */
export const VITALS = ["lcp", "inp", "cls", "fcp", "ttfb"] as const;
export type Vital = (typeof VITALS)[number];
export type Rating = "good" | "middling" | "poor";

/** Milliseconds; of `cls` a number without unit. */
export const THRESHOLDS: Record<Vital, [good: number, poor: number]> = {
  lcp: [2500, 4000],
  inp: [200, 500],
  cls: [0.1, 0.25],
  fcp: [1800, 3000],
  ttfb: [800, 1800],
};

export function rate(vital: Vital, value: number): Rating {
  const [good, poor] = THRESHOLDS[vital];
  return value <= good ? "good" : value <= poor ? "middling" : "poor";
}
