/** Time zones by name and by city, in the shown language too: typing "алм" finds Asia/Almaty. */
import { api } from "./api";
import type { Language } from "./language";

export interface Zone {
  name: string;
  /** What its city is called in the shown language. */
  city: string;
}

const cities: Record<Language, () => Promise<{ cities: string }>> = {
  kk: () => import("./formats/generated/cities.kk"),
  ru: () => import("./formats/generated/cities.ru"),
  en: () => import("./formats/generated/cities.en"),
};

export function nameZones(names: string[], packed: string): Zone[] {
  const known = new Map(packed.split("|").map((entry) => entry.split("=") as [string, string]));
  return names.map((name) => ({
    name,
    city: known.get(name) ?? name.slice(name.lastIndexOf("/") + 1).replaceAll("_", " "),
  }));
}

export async function loadZones(language: Language): Promise<Zone[]> {
  const [{ timezones }, names] = await Promise.all([api.timezones(), cities[language]()]);
  return nameZones(timezones, names.cities);
}

/** Those whose name or city holds the text, best first: a city that begins with it, then a part of the name that does. */
export function findZones(zones: Zone[], text: string, limit: number): Zone[] {
  const wanted = text.trim().toLocaleLowerCase().replaceAll(" ", "_");
  if (!wanted) return zones.slice(0, limit);
  const rank = ({ name, city }: Zone): number => {
    const [zone, place] = [name.toLowerCase(), city.toLocaleLowerCase().replaceAll(" ", "_")];
    if (zone === wanted) return 0;
    if (place.startsWith(wanted)) return 1;
    if (zone.split("/").some((part) => part.startsWith(wanted))) return 2;
    return zone.includes(wanted) || place.includes(wanted) ? 3 : 4;
  };
  return zones
    .map((zone) => ({ zone, rank: rank(zone) }))
    .filter((entry) => entry.rank < 4)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, limit)
    .map((entry) => entry.zone);
}
