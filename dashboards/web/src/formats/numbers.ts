/** Whole numbers, shortened numbers, percentages and durations in a language's own writing. */
import type { DurationUnit, LocaleData, PluralForms } from "./locale-data";

const NO_BREAK_SPACE = "\u00a0";

function group(digits: string, data: LocaleData): string {
  return digits.length < data.groupFrom ? digits : digits.replace(/\B(?=(\d{3})+$)/g, data.group);
}

/** `1234567` → `1 234 567`; at most `fraction` digits after the mark. */
export function decimal(value: number, data: LocaleData, fraction = 0): string {
  const [whole = "0", rest = ""] = Math.abs(value).toFixed(fraction).split(".");
  const trimmed = rest.replace(/0+$/, "");
  const text = group(whole, data) + (trimmed ? data.decimal + trimmed : "");
  return value < 0 && /[1-9]/.test(text) ? data.minus + text : text;
}

/** `12345` → `12 мың`; two significant digits below ten, as ICU's short compact form. */
export function compact(value: number, data: LocaleData): string {
  const size = Math.abs(value);
  if (size < 999.5) return decimal(value, data);
  let exponent = Math.min(Math.floor(Math.log10(size) + 1e-12), 14);
  for (;;) {
    const [digits, suffix] = data.compact[exponent - 3] ?? [1, ""];
    const divisor = 10 ** (exponent + 1 - digits);
    // In integers, so that ties are ties: 1450 is 1.45 exactly and rounds up.
    const tenths = digits === 1 ? Math.round((size * 10) / divisor) : Math.round(size / divisor) * 10;
    if (tenths >= 10 ** (digits + 1) && exponent < 14) {
      exponent += 1;
      continue;
    }
    const sign = value < 0 ? data.minus : "";
    const fraction = tenths % 10 && tenths < 100 ? 1 : 0;
    return sign + decimal(tenths / 10, data, fraction) + suffix;
  }
}

/** `45` → `45 %`: the value is already in hundredths. */
export function percent(value: number, data: LocaleData, fraction = 0): string {
  return decimal(value, data, fraction) + data.percent;
}

export type PluralRule = (value: number) => Intl.LDMLPluralRule;

/** The text for a number: its plural form, or `other`. */
export function pluralForm(forms: PluralForms, value: number, rule: PluralRule): string {
  const form = rule(value);
  return (form === "one" || form === "few" || form === "many" ? forms[form] : undefined) ?? forms.other;
}

/** One unit: `3` seconds → `3 с`. */
export function unit(value: number, name: DurationUnit, data: LocaleData, rule: PluralRule): string {
  return pluralForm(data.units[name], value, rule).replace("{0}", decimal(value, data));
}

/** Seconds as the two largest units: `3 мин 12 с`, `1 сағ 5 мин`, `8 с`. */
export function duration(seconds: number, data: LocaleData, rule: PluralRule): string {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const parts: string[] = [];
  if (hours > 0) parts.push(unit(hours, "hour", data, rule));
  if (minutes > 0) parts.push(unit(minutes, "minute", data, rule));
  if (hours === 0 && (whole % 60 > 0 || parts.length === 0)) parts.push(unit(whole % 60, "second", data, rule));
  return parts.map((part) => part.replaceAll(" ", NO_BREAK_SPACE)).join(" ");
}
