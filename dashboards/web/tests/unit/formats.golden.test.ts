// Our formats against the full ICU of the Node that runs the tests: many values in three languages.
// One deviation is levelled: V8 writes a plain space where CLDR and ICU put a narrow no-break space (U+202F, `2026 г.`)
// or thin spaces (U+2009, around the dash of a range), for the sake of old scripts that parse dates. We keep CLDR's.
import { describe, expect, it } from "vitest";
import { unpackCountries } from "../../src/formats";
import { date, dateRange, parseWall, relative } from "../../src/formats/dates";
import { countries as enCountries } from "../../src/formats/generated/countries.en";
import { countries as kkCountries } from "../../src/formats/generated/countries.kk";
import { countries as ruCountries } from "../../src/formats/generated/countries.ru";
import { data as en } from "../../src/formats/generated/en";
import { data as kk } from "../../src/formats/generated/kk";
import { data as ru } from "../../src/formats/generated/ru";
import type { DatePattern, RelativeUnit } from "../../src/formats/locale-data";
import { compact, decimal, percent, unit } from "../../src/formats/numbers";

const LOCALES = [
  ["kk", kk, kkCountries],
  ["ru", ru, ruCountries],
  ["en", en, enCountries],
] as const;

// A fixed linear congruential sequence: the same thousand values on every run, spread over all magnitudes.
function* spread(count: number): Generator<number> {
  let state = 20_261_122;
  for (let index = 0; index < count; index += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield Math.floor((state / 2_147_483_648) * 10 ** (1 + (index % 12)));
  }
}
const NUMBERS = [
  ...spread(1000),
  0,
  1,
  5,
  10,
  21,
  99,
  100,
  994,
  999,
  1000,
  1049,
  1050,
  1450,
  1500,
  9949,
  9950,
  9999,
  10_500,
  99_499,
  99_500,
  999_499,
  999_500,
  999_999,
  1_000_000,
  1_250_000,
  999_999_999,
  12_345_678_901,
];

function* days(): Generator<string> {
  for (let index = 0; index < 800; index += 1) {
    yield new Date(Date.UTC(2025, 0, 1 + index)).toISOString().slice(0, 10);
  }
}

const DATE_OPTIONS: [DatePattern, Intl.DateTimeFormatOptions][] = [
  ["MMMd", { month: "short", day: "numeric" }],
  ["MMMEd", { month: "short", day: "numeric", weekday: "short" }],
  ["yMMMd", { year: "numeric", month: "short", day: "numeric" }],
  ["yMMMEd", { year: "numeric", month: "short", day: "numeric", weekday: "short" }],
  ["yMMM", { year: "numeric", month: "short" }],
  ["yMMMM", { year: "numeric", month: "long" }],
  ["long", { dateStyle: "long" }],
  ["full", { dateStyle: "full" }],
];

const plain = (text: string) => text.replace(/[\u2009\u202f]/g, " ");

function wall(text: string) {
  const parsed = parseWall(text);
  if (!parsed) throw new Error(text);
  return parsed;
}

describe.each(LOCALES)("formats of %s equal ICU's", (locale, data, countries) => {
  const rules = new Intl.PluralRules(locale);
  const plural = (value: number) => rules.select(value);

  it("runs on an ICU that knows the language", () => {
    const sample = new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" }).format(new Date(0));
    expect(sample).toBe({ kk: "Қаңтар", ru: "январь", en: "January" }[locale]);
  });

  it("numbers", () => {
    const whole = new Intl.NumberFormat(locale);
    const one = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
    for (const value of NUMBERS) {
      expect(decimal(value, data)).toBe(whole.format(value));
      expect(decimal(-value, data)).toBe(whole.format(value === 0 ? 0 : -value));
      expect(decimal(value + 0.5, data, 1)).toBe(one.format(value + 0.5));
    }
  });

  it("compact numbers", () => {
    const short = new Intl.NumberFormat(locale, { notation: "compact" });
    for (const value of NUMBERS) expect([value, compact(value, data)]).toEqual([value, short.format(value)]);
  });

  it("percentages", () => {
    const icu = new Intl.NumberFormat(locale, { style: "percent" });
    for (let value = 0; value <= 100; value += 1) expect(percent(value, data)).toBe(icu.format(value / 100));
  });

  it("units of duration", () => {
    for (const name of ["second", "minute", "hour"] as const) {
      const icu = new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "narrow" });
      for (let value = 0; value < 120; value += 1) expect(unit(value, name, data, plural)).toBe(icu.format(value));
    }
  });

  it.each(DATE_OPTIONS)("dates as %s", (pattern, options) => {
    const icu = new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
    for (const day of days()) expect(plain(date(wall(day), pattern, data))).toBe(icu.format(new Date(`${day}T00:00Z`)));
  });

  it("times of day on a 24-hour clock", () => {
    const icu = new Intl.DateTimeFormat(locale, {
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZone: "UTC",
    });
    for (let minute = 0; minute < 1440; minute += 7) {
      const at = new Date(minute * 60_000);
      expect(date(wall(at.toISOString()), "Hm", data)).toBe(icu.format(at));
    }
  });

  it("date ranges", () => {
    const short = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", timeZone: "UTC" });
    const long = new Intl.DateTimeFormat(locale, { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" });
    const all = [...days()];
    for (let index = 0; index + 45 < all.length; index += 3) {
      for (const length of [0, 1, 6, 29, 44]) {
        const [from, to] = [all[index] ?? "", all[index + length] ?? ""];
        const [a, b] = [new Date(`${from}T00:00Z`), new Date(`${to}T00:00Z`)];
        const sameYear = from.slice(0, 4) === to.slice(0, 4);
        expect(plain(dateRange(wall(from), wall(to), true, data))).toBe(plain(long.formatRange(a, b)));
        if (sameYear) expect(plain(dateRange(wall(from), wall(to), false, data))).toBe(plain(short.formatRange(a, b)));
      }
    }
  });

  it("relative times", () => {
    const icu = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
    for (const unitName of ["second", "minute", "hour", "day"] as RelativeUnit[]) {
      for (let amount = -130; amount <= 130; amount += 1) {
        expect(relative(amount, unitName, data, plural)).toBe(icu.format(amount, unitName));
      }
    }
  });

  it("names of countries", () => {
    const icu = new Intl.DisplayNames(locale, { type: "region" });
    const names = unpackCountries(countries);
    expect(names.size).toBeGreaterThan(250);
    for (const [code, name] of names) expect([code, name]).toEqual([code, icu.of(code)]);
  });
});
