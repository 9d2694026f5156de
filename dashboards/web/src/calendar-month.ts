/** Months as text (`2026-11`) and their weeks, Monday first. */

export const monthOf = (day: string): string => day.slice(0, 7);

function daysIn(month: string): number {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number, 0)).getUTCDate();
}

/** The same day of another month, or that month's last when it is shorter. */
export function addMonths(day: string, count: number): string {
  const [year = 0, number = 0, date = 0] = day.split("-").map(Number);
  const month = new Date(Date.UTC(year, number - 1 + count, 1)).toISOString().slice(0, 7);
  return `${month}-${String(Math.min(date, daysIn(month))).padStart(2, "0")}`;
}

/** The weeks a month touches; days of other months are `null`. */
export function monthWeeks(month: string): (string | null)[][] {
  const start = (new Date(`${month}-01T00:00:00Z`).getUTCDay() + 6) % 7;
  const count = daysIn(month);
  const weeks: (string | null)[][] = [];
  for (let cell = -start; cell < count; cell += 7) {
    weeks.push(
      Array.from({ length: 7 }, (_, index) => {
        const date = cell + index + 1;
        return date < 1 || date > count ? null : `${month}-${String(date).padStart(2, "0")}`;
      }),
    );
  }
  return weeks;
}
