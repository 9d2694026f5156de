/** Parts that are loaded when they are first shown. */
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { loadAllWords } from "./language";
import { Notice } from "./parts/notice";

type Loaded<P> = ComponentType<P> | null;

/** A component whose code, and the words it may need, are fetched when it is first rendered; until then its place shows `waiting`. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>) {
  let found: Loaded<P> = null;
  return function Lazy({ waiting = null, ...props }: P & { waiting?: ComponentChildren }) {
    const [Part, setPart] = useState<Loaded<P>>(() => found);
    const [failed, setFailed] = useState(false);
    const fetch = () => {
      setFailed(false);
      Promise.all([load(), loadAllWords()]).then(
        ([part]) => {
          found = part;
          setPart(() => part);
        },
        () => setFailed(true),
      );
    };
    useEffect(() => {
      if (!Part) fetch();
    }, []);
    if (failed) return <Notice code="network" retry={fetch} />;
    return Part ? <Part {...(props as unknown as P)} /> : waiting;
  };
}
