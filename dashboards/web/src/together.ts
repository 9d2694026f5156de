/** Questions of parts that are shown at the same time go out as one batch. */
import { useEffect, useState } from "preact/hooks";
import { api, codeOf, type Refusal } from "./api";
import { renewals } from "./board";

/** Most questions of one request (`dashboards/src/server/questions.rs`). */
const BATCH = 16;

interface Waiting {
  question: unknown;
  done: (answer: unknown) => void;
}

let waiting: Waiting[] = [];

async function flush(): Promise<void> {
  const batch = waiting.slice(0, BATCH);
  waiting = waiting.slice(BATCH);
  if (waiting.length > 0) void flush();
  try {
    const { answers } = await api.analyse<unknown>(batch.map(({ question }) => question));
    for (const [index, { done }] of batch.entries()) done(answers[index] ?? { error: "left out", code: "unknown" });
  } catch (error) {
    for (const { done } of batch) done({ error: "not asked", code: codeOf(error) });
  }
}

/** Asks together with whatever else is asked in this turn. Never fails: an error is a refusal. */
export function askTogether<T>(question: unknown): Promise<T | Refusal> {
  return new Promise((resolve) => {
    if (waiting.length === 0) setTimeout(() => void flush());
    waiting.push({ question, done: (answer) => resolve(answer as T | Refusal) });
  });
}

/** The answer to a question, asked again when it changes and when the live stream says so; the old one stays meanwhile. `null` asks nothing. */
export function useAnswer<T>(question: object | null): T | Refusal | null {
  const [answer, setAnswer] = useState<T | Refusal | null>(null);
  const text = question && JSON.stringify(question);
  useEffect(() => {
    if (text === null) {
      setAnswer(null);
      return;
    }
    let current = true;
    void askTogether<T>(JSON.parse(text)).then((found) => {
      if (current) setAnswer(found);
    });
    return () => {
      current = false;
    };
  }, [text, renewals.value]);
  return answer;
}

export function refused(answer: unknown): answer is Refusal {
  return typeof answer === "object" && answer !== null && "code" in answer;
}
