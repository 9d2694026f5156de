import { describe, expect, it } from "vitest";
import { addMonths, monthWeeks } from "../../src/calendar-month";
import { addDays, dayCount, offsetName, today, wallTime } from "../../src/site-clock";

describe("the site's clock", () => {
  it("tells the wall time of a zone", () => {
    const now = Date.parse("2026-11-22T19:05:09Z");
    expect(wallTime("Asia/Almaty", now)).toBe("2026-11-23 00:05:09");
    expect(wallTime("UTC", now)).toBe("2026-11-22 19:05:09");
    expect(today("America/New_York", now)).toBe("2026-11-22");
    expect(offsetName("Asia/Almaty", now)).toBe("GMT+5");
  });
  it("counts days over months, years and clock changes", () => {
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(addDays("2028-03-01", -1)).toBe("2028-02-29");
    expect(addDays("2026-03-28", 2)).toBe("2026-03-30");
    expect(dayCount("2026-03-01", "2026-03-31")).toBe(31);
    expect(dayCount("2026-11-22", "2026-11-22")).toBe(1);
  });
});

describe("months", () => {
  it("have weeks from Monday that hold each day once, in order", () => {
    for (let index = 0; index < 60; index += 1) {
      const month = addMonths("2024-01-15", index).slice(0, 7);
      const weeks = monthWeeks(month);
      expect(weeks.every((week) => week.length === 7)).toBe(true);
      const days = weeks.flat().filter((day) => day !== null);
      expect(days[0]).toBe(`${month}-01`);
      expect(days.length).toBe(new Date(Date.parse(`${addMonths(`${month}-01`, 1)}T00:00Z`) - 1).getUTCDate());
      for (const week of weeks) {
        week.forEach((day, column) => {
          if (day) expect(new Date(`${day}T00:00Z`).getUTCDay()).toBe((column + 1) % 7);
        });
      }
    }
  });
  it("keep the day, or the last a shorter month has", () => {
    expect(addMonths("2026-01-31", 1)).toBe("2026-02-28");
    expect(addMonths("2028-01-31", 1)).toBe("2028-02-29");
    expect(addMonths("2026-01-15", -1)).toBe("2025-12-15");
  });
});
