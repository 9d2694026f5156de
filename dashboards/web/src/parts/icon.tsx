/** Our few pictograms, drawn in strokes on a 20 × 20 grid; decoration only, the name stands beside or on the button. */
import "./icon.css";

const PATHS = {
  sun: "M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM10 1.500v2M10 16.500v2M1.500 10h2M16.500 10h2M4 4l1.400 1.400M14.600 14.600L16 16M16 4l-1.400 1.400M5.400 14.600L4 16",
  moon: "M16.500 12A7 7 0 0 1 8 3.500 7 7 0 1 0 16.500 12z",
  system: "M2.500 4h15v9.500h-15zM7 17h6M10 13.500V17",
  person: "M10 3a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM3.500 17.500c.5-3.500 3-5 6.500-5s6 1.500 6.500 5",
  down: "M5 8l5 5 5-5",
  left: "M12.500 5l-5 5 5 5",
  right: "M7.500 5l5 5-5 5",
  settings: "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
  question: "M7.500 7.500a2.500 2.500 0 1 1 3.500 2.300c-.7.3-1 .8-1 1.700M10 14.500v.1",
  copy: "M7 7h9.500v9.500H7zM4 13V3.500h9",
  check: "M4 10.500l4 4 8-9",
  cross: "M5.500 5.500l9 9M14.500 5.500l-9 9",
  funnel: "M3 4h14l-5.500 6.500v5l-3 1.500v-6.500z",
  note: "M4 3v14M4 4h11l-2.500 3.500L15 11H4",
  plus: "M10 4v12M4 10h12",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
