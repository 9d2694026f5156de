/** What a part of the dashboard asks about: its site and view, now. */

import { useEffect } from "preact/hooks";
import { serverNow } from "../api";
import { needsGoals } from "../filters";
import { usePlace } from "../place";
import type { Asking } from "../questions";
import { goals, loadGoals } from "../site-lists";

/** `null` while the site's goals are still to be known, where the question needs them. */
export function useAsking(ofGoals = false): Asking | null {
  const { site, view } = usePlace();
  const wanted = ofGoals || needsGoals(view.filters);
  useEffect(() => {
    if (wanted) void loadGoals(site.domain);
  }, [wanted, site.domain]);
  if (wanted && goals.value === null) return null;
  return { domain: site.domain, view, zone: site.timezone, now: serverNow(), goals: goals.value ?? [] };
}
