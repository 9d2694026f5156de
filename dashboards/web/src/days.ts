/** Days of this machine's clock, for what concerns staff and not a site. */

/** `2026-11-22` of an instant in Unix seconds. */
export function localDay(seconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
