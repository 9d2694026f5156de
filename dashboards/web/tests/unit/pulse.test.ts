import { expect, it } from "vitest";
import { type Timer, throttle } from "../../src/pulse";

/** A timer moved by hand, and runs that end when told. */
function bench() {
  let now = 0;
  const due: { at: number; run: () => void }[] = [];
  const timer: Timer = {
    now: () => now,
    after: (ms, run) => {
      const entry = { at: now + ms, run };
      due.push(entry);
      return () => void due.splice(due.indexOf(entry), 1);
    },
  };
  const runs: { at: number; end: () => Promise<void> }[] = [];
  const run = () => {
    const { promise, resolve } = withResolvers();
    runs.push({
      at: now,
      end: async () => {
        resolve();
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      },
    });
    return promise;
  };
  const pass = (ms: number) => {
    now += ms;
    for (const entry of due.filter(({ at }) => at <= now)) {
      due.splice(due.indexOf(entry), 1);
      entry.run();
    }
  };
  return { throttled: throttle(run, 1000, timer), runs, pass };
}

function withResolvers() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

it("runs at once when idle", () => {
  const { throttled, runs } = bench();
  throttled.ask();
  expect(runs.map(({ at }) => at)).toEqual([0]);
});

it("makes one run of many calls, a gap after the last one began", async () => {
  const { throttled, runs, pass } = bench();
  throttled.ask();
  await runs[0]?.end();
  pass(300);
  throttled.ask();
  throttled.ask();
  expect(runs).toHaveLength(1);
  pass(700);
  expect(runs.map(({ at }) => at)).toEqual([0, 1000]);
});

it("never runs twice at the same time, and forgets no call", async () => {
  const { throttled, runs, pass } = bench();
  throttled.ask();
  pass(5000);
  throttled.ask();
  expect(runs).toHaveLength(1);
  await runs[0]?.end();
  expect(runs.map(({ at }) => at)).toEqual([0, 5000]);
});

it("does nothing after it was stopped", async () => {
  const { throttled, runs, pass } = bench();
  throttled.ask();
  await runs[0]?.end();
  throttled.ask();
  throttled.stop();
  pass(5000);
  throttled.ask();
  expect(runs).toHaveLength(1);
});
