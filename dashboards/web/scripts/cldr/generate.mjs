// Writes src/formats/generated/*: what the interface needs of CLDR for Kazakh, Russian and English.
// Chromium claims Kazakh but carries only root data for it, so no format may come from the browser's Intl.
// Run with `npm run generate:cldr` after raising the cldr-* versions; the golden test compares the outcome with Node's ICU.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const LOCALES = ["kk", "ru", "en"];
const OUT = join(dirname(fileURLToPath(import.meta.url)), "../../src/formats/generated");

const read = (pkg, file) =>
  JSON.parse(readFileSync(join(dirname(require.resolve(`${pkg}/package.json`)), file), "utf8"));

const values = (object) => Object.values(object);
const WEEK = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const week = (names) => WEEK.map((day) => names[day]);

/** `{"x-count-one": …}` → `{one: …}`. */
function plurals(object, prefix) {
  const out = {};
  for (const [key, value] of Object.entries(object)) {
    if (key.startsWith(`${prefix}-count-`)) out[key.slice(prefix.length + 7)] = value;
  }
  return collapse(out);
}

/** Drops the forms equal to `other`: readers fall back to it. */
function collapse(forms) {
  return Object.fromEntries(Object.entries(forms).filter(([form, text]) => form === "other" || text !== forms.other));
}

function compactPatterns(short) {
  const patterns = [];
  for (let exponent = 3; exponent < 15; exponent += 1) {
    const forms = Object.entries(short).filter(([key]) => key.startsWith(`1${"0".repeat(exponent)}-count`));
    const distinct = new Set(forms.map(([, pattern]) => pattern));
    if (distinct.size !== 1) throw new Error(`compact pattern 10^${exponent} depends on the plural form`);
    const [pattern] = distinct;
    const zeros = /^0+/.exec(pattern)?.[0].length;
    if (!zeros) throw new Error(`unexpected compact pattern ${pattern}`);
    patterns.push([zeros, pattern.slice(zeros).replaceAll("'", "")]);
  }
  return patterns;
}

function relative(field) {
  const words = {};
  for (const [key, word] of Object.entries(field)) {
    const at = /^relative-type-(-?\d)$/.exec(key);
    if (at) words[at[1]] = word;
  }
  return {
    words,
    past: plurals(field["relativeTime-type-past"], "relativeTimePattern"),
    future: plurals(field["relativeTime-type-future"], "relativeTimePattern"),
  };
}

function localeData(locale) {
  const gregorian = read("cldr-dates-full", `main/${locale}/ca-gregorian.json`).main[locale].dates.calendars.gregorian;
  const fields = read("cldr-dates-full", `main/${locale}/dateFields.json`).main[locale].dates.fields;
  const numbers = read("cldr-numbers-full", `main/${locale}/numbers.json`).main[locale].numbers;
  const units = read("cldr-units-full", `main/${locale}/units.json`).main[locale].units.narrow;
  const symbols = numbers["symbols-numberSystem-latn"];
  const { availableFormats: available, intervalFormats: intervals } = gregorian.dateTimeFormats;
  const percent = numbers["percentFormats-numberSystem-latn"].standard;
  if (!percent.startsWith("#,##0")) throw new Error(`unexpected percent pattern ${percent}`);
  return {
    decimal: symbols.decimal,
    group: symbols.group,
    minus: symbols.minusSign,
    groupFrom: 3 + Number(numbers.minimumGroupingDigits),
    percent: percent.slice(5).replace("%", symbols.percentSign),
    compact: compactPatterns(numbers["decimalFormats-numberSystem-latn"].short.decimalFormat),
    months: {
      format: { MMM: values(gregorian.months.format.abbreviated), MMMM: values(gregorian.months.format.wide) },
      alone: {
        LLL: values(gregorian.months["stand-alone"].abbreviated),
        LLLL: values(gregorian.months["stand-alone"].wide),
      },
    },
    weekdays: {
      E: week(gregorian.days.format.abbreviated),
      EEEE: week(gregorian.days.format.wide),
      ccc: week(gregorian.days["stand-alone"].abbreviated),
      cccccc: week(gregorian.days["stand-alone"].short),
    },
    dates: {
      MMMd: available.MMMd,
      MMMEd: available.MMMEd,
      yMMMd: available.yMMMd,
      yMMMEd: available.yMMMEd,
      yMMM: available.yMMM,
      yMMMM: available.yMMMM,
      long: gregorian.dateFormats.long,
      full: gregorian.dateFormats.full,
      Hm: available.Hm,
    },
    intervals: {
      MMMd: intervals.MMMd,
      yMMMd: intervals.yMMMd,
    },
    relative: Object.fromEntries(["second", "minute", "hour", "day"].map((unit) => [unit, relative(fields[unit])])),
    units: Object.fromEntries(
      ["second", "minute", "hour"].map((unit) => [unit, plurals(units[`duration-${unit}`], "unitPattern")]),
    ),
  };
}

/** Alpha-2 codes of countries and territories; aggregates and private-use codes stay out. */
function countries(locale) {
  const names = read("cldr-localenames-full", `main/${locale}/territories.json`).main[locale].localeDisplayNames
    .territories;
  const not = new Set(["EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"]);
  return Object.entries(names)
    .filter(([code]) => /^[A-Z]{2}$/.test(code) && !not.has(code))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Names of the places zones are called after, where they are not the zone's own last word. */
function cities(locale) {
  const zones = read("cldr-dates-full", `main/${locale}/timeZoneNames.json`).main[locale].dates.timeZoneNames.zone;
  const out = [];
  const walk = (node, path) => {
    for (const [key, value] of Object.entries(node)) {
      const zone = path ? `${path}/${key}` : key;
      if (typeof value.exemplarCity === "string") {
        if (value.exemplarCity !== key.replaceAll("_", " ")) out.push([zone, value.exemplarCity]);
      } else if (typeof value === "object") walk(value, zone);
    }
  };
  walk(zones, "");
  return out.filter(([zone]) => /^(Asia|Europe|America|Africa|Australia)\//.test(zone));
}

const HEAD = `// Generated by scripts/cldr/generate.mjs from Unicode CLDR ${read("cldr-core", "package.json").version} (Unicode-3.0). Do not edit.\n`;
mkdirSync(OUT, { recursive: true });
for (const locale of LOCALES) {
  const data = JSON.stringify(localeData(locale), null, 1);
  writeFileSync(
    join(OUT, `${locale}.ts`),
    `${HEAD}import type { LocaleData } from "../locale-data";\n\nexport const data: LocaleData = ${data};\n`,
  );
  const packed = countries(locale)
    .map(([code, name]) => code + name)
    .join("|");
  writeFileSync(join(OUT, `countries.${locale}.ts`), `${HEAD}export const countries =\n  ${JSON.stringify(packed)};\n`);
  const places = cities(locale)
    .map(([zone, name]) => `${zone}=${name}`)
    .join("|");
  writeFileSync(join(OUT, `cities.${locale}.ts`), `${HEAD}export const cities =\n  ${JSON.stringify(places)};\n`);
}
