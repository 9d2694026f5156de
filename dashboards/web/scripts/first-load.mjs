// Which modules the first load needs: everything that the entry imports, and what that imports, but not what is imported
// when it is first shown. They become one file instead of one for each set of parts that share something.
import { readFileSync } from "node:fs";
import { LATER } from "./words-plugin.mjs";

const WORDS = JSON.parse(readFileSync(new URL("../src/words/kk.json", import.meta.url), "utf8"));

export function firstLoad() {
  const first = new Set();
  const plugin = {
    name: "sanaq-first-load",
    buildEnd() {
      const reach = (id) => {
        if (first.has(id)) return;
        first.add(id);
        for (const next of this.getModuleInfo(id)?.importedIds ?? []) reach(next);
      };
      for (const id of this.getModuleIds()) if (id.endsWith("/src/main.tsx")) reach(id);
      // A word that comes later must not be said by what is there at first.
      const late = Object.keys(WORDS).filter((key) => LATER.test(key));
      for (const id of first) {
        const code = this.getModuleInfo(id)?.code ?? "";
        const said = late.filter((key) => code.includes(`t("${key}"`));
        if (said.length > 0) this.error(`${id} says ${said.join(", ")}, which scripts/words-plugin.mjs loads later`);
      }
    },
  };
  return { plugin, isFirst: (id) => first.has(id) };
}
