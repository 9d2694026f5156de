/** Turning a key and values into a sentence. */
import type { PluralForms } from "./formats/locale-data";
import { type PluralRule, pluralForm } from "./formats/numbers";
import type { WordKey, Words } from "./languages/files";

export type Values = Record<string, string | number>;

export interface Sentence {
  words: Words;
  plural: PluralRule;
  number: (value: number) => string;
}

/**
 * The sentence for `key`. `{name}` is replaced by `values.name`; numbers are written the language's way, and
 * `values.n` chooses the plural form.
 */
export function say({ words, plural, number }: Sentence, key: WordKey, values: Values = {}): string {
  const entry: string | PluralForms = words[key];
  const pattern = typeof entry === "string" ? entry : pluralForm(entry, Number(values["n"] ?? 0), plural);
  return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number(value) : value;
  });
}
