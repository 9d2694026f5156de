/** A button that opens a panel beside itself; Escape, a click elsewhere, or leaving with the keyboard closes it. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import "./disclosure.css";

interface Props {
  label: ComponentChildren;
  /** What the button is called when its content is a picture. */
  name?: string;
  buttonClass?: string;
  align?: "start" | "end";
  testId?: string;
  current?: boolean;
  children: (close: () => void) => ComponentChildren;
}

export function Disclosure({ label, name, buttonClass = "", align = "start", testId, current, children }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    if (root.current?.contains(document.activeElement)) button.current?.focus();
  };
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it listens for Escape from whatever inside has the focus
    <div
      class="disclosure"
      ref={root}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.stopPropagation();
        close();
      }}
    >
      <button
        type="button"
        ref={button}
        class={buttonClass}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={name}
        title={name}
        aria-current={current ? "true" : undefined}
        data-testid={testId}
        onClick={() => setOpen(!open)}
      >
        {label}
      </button>
      {open && (
        <div id={id} class={`disclosure-panel sheet ${align}`}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
