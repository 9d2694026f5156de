// The words of a language in two: those of the first page (`kk.json?first`), and those that only parts loaded later use
// (`kk.json?later`). The file itself stays one, in the order people wrote it.
import { readFileSync } from "node:fs";

/** Areas that no part of the first load words anything from. */
export const LATER =
  /^(?!(?:note|segment)\.label$)(region|tongue|screen|drop|why|vitals|journey|funnel|deeds|heat|uncounted|segment|note|operator|map|details|member|key|goal|share|shield|export|retention|deletion|twofactor|totp|oidc|invitation|parameter|property|threshold|setting|profile|role|staff)s?[._]|^definition\.(lcp|inp|cls|fcp|ttfb)$|^live\.(title|minutes|page|source|country|nobody)$|^filter\.(how|property|key|search|text|pattern_hint|take|values|none_yet|apply|dimension)$|^error\.(why_unreachable|last_owner|invitation_used|sign_in_to_accept|too_many_invitations|unknown_invitation|unknown_user|bad_key|unknown_key|second_factor_on)$/;

export function wordsPlugin() {
  return {
    name: "sanaq-words",
    enforce: "pre",
    load(id) {
      const [file, query] = id.split("?");
      if (!file.endsWith(".json") || (query !== "first" && query !== "later")) return null;
      const words = Object.entries(JSON.parse(readFileSync(file, "utf8")));
      const part = words.filter(([key]) => LATER.test(key) === (query === "later"));
      this.addWatchFile(file);
      return { code: `export default ${JSON.stringify(Object.fromEntries(part))}`, moduleType: "js" };
    },
  };
}
