/** Code to paste that names one file and its hash: what a page runs then is what was looked at, whoever serves it. */
import releases from "../../../../tracker-js/released/index.json";

/** The files of the release that this Sanaq brings; it goes on serving them after every update. */
const FILES: Record<string, { name: string; integrity: string }> = releases.at(-1)?.files ?? {};

/** The same code with each of the tracker's files under the name that never changes, and with its hash. */
export const pinned = (code: string): string =>
  code.replace(/ src="([^"]*\/js\/)([\w-]+\.js)"/g, (whole, folder: string, file: string) => {
    const kept = FILES[file];
    return kept ? ` src="${folder}${kept.name}" integrity="${kept.integrity}" crossorigin="anonymous"` : whole;
  });
