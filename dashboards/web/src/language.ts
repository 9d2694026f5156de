/** The chosen language: its words and formats, loaded as one chunk, switched without a reload. */
import { signal } from "@preact/signals";
import { type Formats, makeFormats } from "./formats";
import type { LanguageFiles, WordKey, Words } from "./languages/files";
import { recall, remember } from "./memory";
import { say, type Values } from "./words";

export const LANGUAGES = ["kk", "ru", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What each language calls itself. */
export const LANGUAGE_NAMES: Record<Language, { short: string; full: string }> = {
  kk: { short: "Қаз", full: "Қазақша" },
  ru: { short: "Рус", full: "Русский" },
  en: { short: "Eng", full: "English" },
};

const KEY = "sanaq.language";
const files: Record<Language, () => Promise<{ default: LanguageFiles }>> = {
  kk: () => import("./languages/kk"),
  ru: () => import("./languages/ru"),
  en: () => import("./languages/en"),
};

const later: Record<Language, () => Promise<{ default: Partial<Words> }>> = {
  kk: () => import("./languages/kk.later"),
  ru: () => import("./languages/ru.later"),
  en: () => import("./languages/en.later"),
};
/** Whether some part that is loaded later has been shown: from then on every language comes with all its words. */
let allWanted = false;

interface Loaded {
  language: Language;
  words: Words;
  /** Whether the words of the parts that are loaded later are among them. */
  complete: boolean;
  formats: Formats;
}

const current = signal<Loaded | null>(null);
let wanted: Language = "kk";
let tell = () => {};

/** Settled once some language is there to render in. */
export const languageShown = new Promise<void>((resolve) => {
  tell = resolve;
});

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value);
}

/** The language staff chose on this machine; `null` when they have not. */
export function chosenLanguage(): Language | null {
  const stored = recall(KEY);
  return isLanguage(stored) ? stored : null;
}

/** Loads a language and shows it. The last call wins, also when an earlier chunk arrives later. */
export async function showLanguage(language: Language): Promise<void> {
  wanted = language;
  const more = allWanted ? later[language]() : null;
  const { data, countries, words } = (await files[language]()).default;
  const all = more ? { ...words, ...(await more).default } : words;
  // What was asked for without the later words must not take the place of what has them.
  if (wanted !== language || (allWanted && !more)) return;
  document.documentElement.lang = language;
  current.value = { language, words: all, complete: more !== null, formats: makeFormats(language, data, countries) };
  tell();
}

let allWords: Promise<void> | null = null;

/** Brings the words of the parts that are loaded later; settled once they are there, whoever asked first. */
export function loadAllWords(): Promise<void> {
  allWords ??= bringAllWords().catch((cause) => {
    allWords = null;
    allWanted = false;
    throw cause;
  });
  return allWords;
}

async function bringAllWords(): Promise<void> {
  allWanted = true;
  // Another language may be chosen meanwhile.
  do await showLanguage(wanted);
  while (!current.peek()?.complete);
}

/** Keeps the choice on this machine; `account.ts` keeps it with the account as well. */
export function chooseLanguage(language: Language): void {
  remember(KEY, language);
  void showLanguage(language);
}

function loaded(): Loaded {
  const value = current.value;
  if (!value) throw new Error("the language is loaded before anything is rendered");
  return value;
}

export const language = (): Language => loaded().language;
export const formats = (): Formats => loaded().formats;

/** The sentence for a key in the shown language. */
export function t(key: WordKey, values?: Values): string {
  const { words, formats } = loaded();
  return say({ words, plural: formats.plural, number: formats.number }, key, values);
}

/** Whether there are words for a key that was put together from data. */
export const hasWord = (key: string): key is WordKey => key in loaded().words;

/** The sentence for an error's stable code; unknown codes are shown as such. */
export function errorText(code: string): string {
  // What a question can be refused for is a mistake of ours or of a hand-made address: one sentence for all of them.
  const key = /^(invalid_|missing_key|unsupported_|too_many_q)/.test(code) ? "error.bad_question" : `error.${code}`;
  return key in loaded().words ? t(key as WordKey) : t("error.unknown", { code });
}
