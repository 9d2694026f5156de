/** Something that is done on request: whether it is under way, and the code of what went wrong. */
import { useEffect, useState } from "preact/hooks";
import { codeOf } from "../api";

export function useDeed() {
  const [busy, setBusy] = useState(false);
  const [code, setCode] = useState<string | null>(null);
  /** True when it was done. */
  const run = async (deed: () => Promise<unknown>): Promise<boolean> => {
    if (busy) return false;
    setBusy(true);
    setCode(null);
    try {
      await deed();
      return true;
    } catch (error) {
      setCode(codeOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, code, run };
}

/** Something that is fetched when a page is shown, and again after each change. */
export function useFetched<T>(fetch: () => Promise<T>) {
  const [value, setValue] = useState<T | null>(null);
  const { code, run } = useDeed();
  const again = () => run(async () => setValue(await fetch()));
  useEffect(() => void again(), []);
  return { value, code, again };
}
