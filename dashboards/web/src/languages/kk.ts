import { countries } from "../formats/generated/countries.kk";
import { data } from "../formats/generated/kk";
import words from "../words/kk.json?first";
import type { LanguageFiles } from "./files";

export default { data, countries, words } satisfies LanguageFiles;
