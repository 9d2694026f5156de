import { countries } from "../formats/generated/countries.ru";
import { data } from "../formats/generated/ru";
import words from "../words/ru.json?first";
import type { LanguageFiles } from "./files";

export default { data, countries, words } satisfies LanguageFiles;
