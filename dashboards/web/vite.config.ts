import { defineConfig } from "vitest/config";
import { firstLoad } from "./scripts/first-load.mjs";
import { wordsPlugin } from "./scripts/words-plugin.mjs";

const { plugin: firstPlugin, isFirst } = firstLoad();

export default defineConfig({
  plugins: [wordsPlugin(), firstPlugin],
  build: {
    target: "es2022",
    outDir: "dist",
    assetsDir: "assets",
    // Under `default-src 'self'` a data: address is refused, so nothing is inlined.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
    rolldownOptions: {
      output: {
        // What the first load needs is one file, also where parts that are loaded later need it too.
        codeSplitting: { groups: [{ name: "app", test: isFirst }] },
      },
    },
  },
  test: { dir: "tests/unit" },
});
