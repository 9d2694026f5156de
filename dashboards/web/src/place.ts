/** Where the parts of a dashboard stand: the site and the view, and how another view is reached from here. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { dashboardPath, go } from "./address";
import type { Site } from "./api";
import type { View } from "./view";

export interface Place {
  site: Site;
  view: View;
}

const PlaceContext = createContext<Place | null>(null);

export const PlaceProvider = PlaceContext.Provider;

export function usePlace() {
  const place = useContext(PlaceContext);
  if (!place) throw new Error("parts of a dashboard stand within its page");
  const { site, view } = place;
  /** The address of this view with something changed. */
  const link = (change: Partial<View>): string => dashboardPath(site.domain, { ...view, ...change });
  return { site, view, link, show: (change: Partial<View>) => go(link(change)) };
}
