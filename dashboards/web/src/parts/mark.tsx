/** The mark: the drawing of `art/logo.svg` as part of the page, which saves a request. */
import { LOGO } from "../art/logo";

export function Mark() {
  return (
    <svg
      viewBox="0 0 64 64"
      width="34"
      height="34"
      aria-hidden="true"
      focusable="false"
      fill="none"
      stroke={LOGO.colour}
    >
      <circle cx="32" cy="32" r="17" stroke-width="4" />
      {LOGO.strokes.map(([width, path]) => (
        <path key={width} d={path} stroke-width={width} stroke-linecap="round" />
      ))}
    </svg>
  );
}
