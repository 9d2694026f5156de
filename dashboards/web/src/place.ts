/** Where the parts of a dashboard stand: the site and the view, and how another view is reached from here. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { go } from "./address";
import type { Site } from "./api";
import type { View } from "./view";

export interface Place {
  site: Site;
  view: View;
  /** The address of a view. */
  path: (view: View) => string;
  /** Whether this is read through a shared link: numbers only, nothing of what staff keep. */
  reader: boolean;
}

const PlaceContext = createContext<Place | null>(null);

export const PlaceProvider = PlaceContext.Provider;

export function usePlace() {
  const place = useContext(PlaceContext);
  if (!place) throw new Error("parts of a dashboard stand within its page");
  const { site, view, path, reader } = place;
  /** The address of this view with something changed. */
  const link = (change: Partial<View>): string => path({ ...view, ...change });
  return { site, view, reader, link, show: (change: Partial<View>) => go(link(change)) };
}
