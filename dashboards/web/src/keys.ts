/** Keys that work anywhere on a page, as long as nobody is typing. */
import { useEffect } from "preact/hooks";

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, select, textarea, dialog, [contenteditable]") !== null;
}

/** Calls what belongs to a single key. Keys are told by their place on the keyboard, so that they work in Cyrillic too. */
export function useKeys(actions: Record<string, () => void>): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.shiftKey || event.repeat) return;
      if (event.defaultPrevented || isTyping(event.target)) return;
      const key = event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key;
      const action = actions[key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  });
}
