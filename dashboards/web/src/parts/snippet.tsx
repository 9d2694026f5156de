/** The line to paste, and a button that copies it. */
import { useRef, useState } from "preact/hooks";
import { t } from "../language";
import { Icon } from "./icon";
import "./snippet.css";

/** Over plain HTTP on another host than localhost there is no clipboard API; then the text is selected by hand. */
async function copy(text: string, element: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return document.execCommand("copy");
  }
}

export function Snippet({ code }: { code: string }) {
  const text = useRef<HTMLElement>(null);
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  return (
    <div class="snippet">
      <pre>
        <code ref={text} data-testid="snippet">
          {code}
        </code>
      </pre>
      <button
        type="button"
        class="button"
        data-testid="snippet-copy"
        onClick={async () => {
          if (text.current) setState((await copy(code, text.current)) ? "copied" : "failed");
        }}
      >
        <Icon name={state === "copied" ? "check" : "copy"} />
        {t(state === "copied" ? "snippet.copied" : "snippet.copy")}
      </button>
      <p role="status" class={state === "failed" ? "field-problem" : "unseen"}>
        {state === "failed" ? t("snippet.copy_failed") : state === "copied" ? t("snippet.copied") : ""}
      </p>
    </div>
  );
}
