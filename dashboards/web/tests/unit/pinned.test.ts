import { expect, test } from "vitest";
import { pinned } from "../../src/parts/pinned";

const PLAIN = '<script defer data-site="example.kz" data-hash src="https://stats.example.kz/js/script.js"></script>';

test("code to paste names the file that never changes, and its hash", () => {
  expect(pinned(PLAIN)).toMatch(
    /^<script defer data-site="example\.kz" data-hash src="https:\/\/stats\.example\.kz\/js\/script\.[0-9a-f]{12}\.js" integrity="sha384-[\w+/]{64}" crossorigin="anonymous"><\/script>$/,
  );
});

test("each file has its own", () => {
  const both = pinned(`${PLAIN}\n<script type="module" src="https://stats.example.kz/js/vitals.js"></script>`);
  const [script, vitals] = [...both.matchAll(/integrity="([^"]*)"/g)].map(([, hash]) => hash);
  expect(script && vitals && script !== vitals, both).toBe(true);
});

test("what is not the tracker's stays as it is", () => {
  for (const other of [
    "",
    "https://stats.example.kz/invitation#0",
    '<script src="https://other.example/js/x.js"></script>',
  ])
    expect(pinned(other)).toBe(other);
});
