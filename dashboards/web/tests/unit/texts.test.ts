import { describe, expect, it } from "vitest";
import { tidyDomain } from "../../src/domain";
import { makeFormats } from "../../src/formats";
import { cities } from "../../src/formats/generated/cities.kk";
import { countries } from "../../src/formats/generated/countries.kk";
import { data } from "../../src/formats/generated/kk";
import { axisText, metricText } from "../../src/metric-text";
import { findZones, nameZones } from "../../src/zones";

const kazakh = makeFormats("kk", data, countries);
const SPACE = "\u00a0";

describe("metricText", () => {
  it("writes each metric its own way", () => {
    expect(metricText("visitors", 1_234_567, kazakh)).toBe(`1${SPACE}234${SPACE}567`);
    expect(metricText("bounce_rate", 45, kazakh)).toBe("45%");
    expect(metricText("visit_duration", 192, kazakh)).toBe(`3${SPACE}мин 12${SPACE}с`);
    expect(metricText("engaged_time", 0, kazakh)).toBe(`0${SPACE}с`);
    expect(metricText("visit_duration", 3725, kazakh)).toBe(`1${SPACE}сағ 2${SPACE}мин`);
    expect(metricText("visit_duration", 3600, kazakh)).toBe(`1${SPACE}сағ`);
    expect(metricText("visit_duration", 59.6, kazakh)).toBe(`1${SPACE}мин`);
    expect(metricText("visit_duration", null, kazakh)).toBe("–");
  });
  it("shortens counts on an axis", () => {
    expect(axisText("pageviews", 20_000, kazakh)).toBe(`20${SPACE}мың`);
    expect(axisText("bounce_rate", 50, kazakh)).toBe("50%");
  });
});

describe("formats", () => {
  it("word how long ago", () => {
    expect([0, 3, 59, 60, 3700, 90_000].map(kazakh.ago)).toEqual([
      "қазір",
      "3 секунд бұрын",
      "59 секунд бұрын",
      "1 минут бұрын",
      "1 сағат бұрын",
      "кеше",
    ]);
  });
  it("name countries, and show a code they do not know as it is", () => {
    expect([kazakh.country("KZ"), kazakh.country("TR"), kazakh.country("QQ")]).toEqual(["Қазақстан", "Түркия", "QQ"]);
  });
  it("begin the week on Monday", () => {
    expect([kazakh.weekdays[0]?.toLowerCase(), kazakh.weekdays[6]?.toLowerCase()]).toEqual(["дс", "жс"]);
  });
});

it("tidyDomain leaves the domain of whatever was pasted", () => {
  for (const text of [
    "example.kz",
    " Example.KZ ",
    "https://www.example.kz/kk/?a=b#c",
    "www.example.kz.",
    "http://example.kz",
  ]) {
    expect(tidyDomain(text)).toBe("example.kz");
  }
  // Here it is the name itself.
  expect(tidyDomain("https://www.kz/")).toBe("www.kz");
});

describe("findZones", () => {
  const zones = nameZones(
    ["Africa/Abidjan", "America/New_York", "Asia/Almaty", "Asia/Qostanay", "Europe/London"],
    cities,
  );
  const find = (text: string) => findZones(zones, text, 3).map(({ name }) => name);
  it("finds a city in the shown language, in any case", () => {
    expect(find("алм")).toEqual(["Asia/Almaty"]);
    expect(find("ҚОС")).toEqual(["Asia/Qostanay"]);
  });
  it("finds by the zone's own name, its parts and with spaces", () => {
    expect(find("almaty")).toEqual(["Asia/Almaty"]);
    expect(find("new york")).toEqual(["America/New_York"]);
    expect(find("asia/q")).toEqual(["Asia/Qostanay"]);
    expect(find("nowhere")).toEqual([]);
  });
  it("offers the first ones when nothing is typed", () => {
    expect(find("")).toHaveLength(3);
  });
});
