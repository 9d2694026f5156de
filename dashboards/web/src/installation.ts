/** Whether a site's first beacon has arrived: the site's record, looked at until it says so. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { noteSite } from "./account";
import { api, type SiteWithSnippet } from "./api";

/** How often the record is looked at while we wait; a pulse of the live stream calls for a look on the spot. */
const LOOK_MS = 3000;

export interface Installation {
  /** `null` until the first look. */
  record: SiteWithSnippet | null;
  look: () => void;
}

export function useInstallation(domain: string): Installation {
  const [record, setRecord] = useState<SiteWithSnippet | null>(null);
  const look = useCallback(() => {
    api.site(domain).then(
      (fresh) => {
        setRecord(fresh);
        if (fresh.first_beacon_at !== null) noteSite({ ...fresh });
      },
      // The next look will tell; the page's other requests word what is wrong.
      () => undefined,
    );
  }, [domain]);
  const arrived = record !== null && record.first_beacon_at !== null;
  useEffect(() => {
    if (arrived) return;
    look();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") look();
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [arrived, look]);
  return { record, look };
}
