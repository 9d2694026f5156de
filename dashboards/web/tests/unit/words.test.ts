// The three languages say the same things: same keys, same placeholders, every plural form the language has, all used.
import { describe, expect, it } from "vitest";
import { say } from "../../src/words";
import en from "../../src/words/en.json";
import kk from "../../src/words/kk.json";
import ru from "../../src/words/ru.json";

type Entry = string | Record<string, string>;
const LANGUAGES: [string, Record<string, Entry>][] = [
  ["kk", kk],
  ["ru", ru],
  ["en", en],
];
const texts = (entry: Entry): string[] => (typeof entry === "string" ? [entry] : Object.values(entry));
const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();

describe.each(LANGUAGES)("the words of %s", (language, words) => {
  it("have the keys of Kazakh, in its order", () => {
    expect(Object.keys(words)).toEqual(Object.keys(kk));
  });

  it("have the placeholders of Kazakh in every form", () => {
    for (const [key, entry] of Object.entries(words)) {
      const wanted = placeholders(texts((kk as Record<string, Entry>)[key] ?? "")[0] ?? "");
      for (const text of texts(entry)) expect([key, placeholders(text)]).toEqual([key, wanted]);
    }
  });

  it("have exactly the language's plural forms where Kazakh has any", () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.slice().sort();
    for (const [key, entry] of Object.entries(words)) {
      expect([key, typeof entry]).toEqual([key, typeof (kk as Record<string, Entry>)[key]]);
      if (typeof entry !== "string") expect([key, Object.keys(entry).sort()]).toEqual([key, forms]);
    }
  });

  it("leave nothing empty and nothing untidy", () => {
    for (const [key, entry] of Object.entries(words)) {
      for (const text of texts(entry)) {
        expect([key, text.trim()]).toEqual([key, text]);
        expect([key, /^$| {2}|\.\.\.|(?<!=)"|'/.test(text)]).toEqual([key, false]);
      }
    }
  });

  it("are in the language's own letters", () => {
    if (language === "en") return;
    const latin =
      /\b(?!https?|www|example|kz|cookie|head|IP|Ctrl|C|n|ago|code|domain|metric|zone|Cookie|utm_\w+|amount|value|values|dimension|filter|period|count|share|visits|name|text|list|reason|good|poor|page|pages|day|QR|API|Sites|email|where|role|date|kk)[A-Za-z]{2,}\b/;
    for (const [key, entry] of Object.entries(words)) {
      for (const text of texts(entry)) expect([key, latin.exec(text)?.[0]]).toEqual([key, undefined]);
    }
  });
});

it("Kazakh does not carry Russian sentences over", () => {
  /** The same word in both languages. */
  const shared = new Set([
    "app.name",
    "add.domain",
    "tab.browser",
    "tab.map",
    "tab.hostname",
    "dimension.browser",
    "dimension.hostname",
    "channel.audio",
    "filter.is",
    "details.page",
    "uncounted.part",
    "vitals.ms",
    "vitals.s",
    "role.editor",
    "profile.yandex",
    "keys.stats",
    "device.desktop",
    "device.mobile",
    "device.tablet",
  ]);
  const russian: Record<string, Entry> = ru;
  const same = Object.entries(kk).filter(([key, entry]) => JSON.stringify(entry) === JSON.stringify(russian[key]));
  expect(same.map(([key]) => key).filter((key) => !shared.has(key))).toEqual([]);
});

it("every key is used by the interface", () => {
  const files = import.meta.glob<string>("../../src/**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
  const source = Object.values(files).join("\n");
  expect(source.length).toBeGreaterThan(50_000);
  /** Keys of these areas are put together from a code or a name. */
  const made =
    /^(error|metric|definition|list|column|tab|range|theme|device|dimension|operator|filter|compare|interval|channel|screen|tongue|region|drop|vitals|journey|deeds|live|why|role)\.|^keys\.(stats|events|sites)|^profile\.yandex$/;
  expect(Object.keys(kk).filter((key) => !made.test(key) && !source.includes(`"${key}"`))).toEqual([]);
});

describe("say", () => {
  const russian = {
    words: ru as never,
    plural: (value: number) => new Intl.PluralRules("ru").select(value),
    number: (value: number) => String(value),
  };
  it.each([
    [0, "Сейчас на сайте 0 посетителей"],
    [1, "Сейчас на сайте 1 посетитель"],
    [3, "Сейчас на сайте 3 посетителя"],
    [11, "Сейчас на сайте 11 посетителей"],
    [21, "Сейчас на сайте 21 посетитель"],
    [104, "Сейчас на сайте 104 посетителя"],
  ])("chooses the form for %d", (n, sentence) => {
    expect(say(russian, "live.now", { n })).toBe(sentence);
  });
  it("leaves a placeholder it has no value for, so that the mistake is seen", () => {
    expect(say(russian, "board.zone", {})).toBe("Часовой пояс: {zone}");
  });
});
