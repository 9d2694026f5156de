import type { LocaleData, PluralForms } from "../formats/locale-data";
import type kazakh from "../words/kk.json";

/** Every key of the words; Kazakh is the language the others are compared with. */
export type WordKey = keyof typeof kazakh;

export type Words = Record<WordKey, string | PluralForms>;

/** What one language's chunk carries. */
export interface LanguageFiles {
  data: LocaleData;
  countries: string;
  /** Those of the first load; the later ones have a chunk of their own. */
  words: Words;
}
