// One beacon: what every one of them carries, and how it leaves the page.

import { externalReferrer, pagePath, pageUrl } from './clean';
import { api, attributes, log } from './tag';

/** The visitor asked not to be tracked; the collector does what the site configured. */
export const optedOut = navigator.globalPrivacyControl || navigator.doNotTrack == '1';

let url: string;
let path: string;
let referrer: string;

/** True once when the visitor has come to another page than the one beacons speak of. */
export const isElsewhere = (): boolean => path != pagePath();

/** From now on beacons speak of the page at the present address. Only the first page has a referrer: the others were reached from it. */
export const turnPage = (): void => {
  referrer = url ? '' : externalReferrer();
  url = pageUrl();
  path = pagePath();
};

/** Sends a beacon about the page. Fields that are undefined or an empty text are left out. */
export const send = (name: string, details?: object): void => {
  const body = JSON.stringify({
    n: name,
    u: url,
    d: attributes.site,
    r: referrer || undefined,
    ...details,
    h: 'hash' in attributes ? 1 : undefined,
    z: Intl.DateTimeFormat().resolvedOptions().timeZone,
    w: screen.width,
    o: optedOut ? 1 : undefined,
    v: VERSION,
  });
  log(body);
  // A text needs no preflight; nothing but the body goes along, not even to our own origin: no cookie, no `Referer`.
  if ('keepalive' in Request.prototype) {
    fetch(api, { method: 'POST', body, keepalive: true, credentials: 'omit', referrerPolicy: 'no-referrer' }).then(
      (answer) => log(answer.status, answer.headers.get('x-sanaq-dropped')),
      log,
    );
  } else {
    // Firefox before 133 would cut a fetch off when the page is left.
    navigator.sendBeacon(api, body);
  }
};
