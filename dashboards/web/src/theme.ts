/** Light, dark, or as the system: `data-theme` on the root element, read by the colour tokens. */
import { signal } from "@preact/signals";
import { recall, remember } from "./memory";

export const THEMES = ["light", "dark", "system"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "sanaq.theme";

export const theme = signal<Theme>("system");

function show(value: Theme): void {
  theme.value = value;
  if (value === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", value);
}

export function startTheme(): void {
  const stored = recall(KEY);
  show(stored === "light" || stored === "dark" ? stored : "system");
}

export function chooseTheme(value: Theme): void {
  remember(KEY, value === "system" ? null : value);
  show(value);
}
