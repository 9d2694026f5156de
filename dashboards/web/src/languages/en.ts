import { countries } from "../formats/generated/countries.en";
import { data } from "../formats/generated/en";
import words from "../words/en.json?first";
import type { LanguageFiles } from "./files";

export default { data, countries, words } satisfies LanguageFiles;
