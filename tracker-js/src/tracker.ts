// The whole tracker: one function without a name or a property of its own that would survive in the minified file. Its parts, in
// the order in which they stand: guards, beacons, attention, navigation, actions, and last the decision whether to count at all.
// What looks terse is so because each page of each site loads it; size.json says what it weighs, docs/tracker.md what it does.

/** Attributes of the script element, without `data-`. */
export interface Attributes {
  readonly [name: string]: string | undefined;
}

type Call = Parameters<Sanaq>;

/** A second report about the same page must be worth a request. */
declare const WORTH_REPORTING_MS: number;

/** Starts counting this page, unless another copy does. Beacons go to `api`. */
export const start = (attributes: Attributes, api: URL | string): void => {
  // -- Guards: nothing that goes wrong here reaches the page.

  /** Says what was decided and why, when `data-debug` asks for it. */
  const log = (what: unknown): unknown => 'debug' in attributes && console.log('sanaq', what);

  /** The same work, but what it throws ends here. */
  const safely =
    <A, B>(work: (a: A, b: B) => unknown) =>
    (a?: A, b?: B): void => {
      try {
        work(a!, b!);
      } catch (error) {
        log(error);
      }
    };

  /** Listens in the capture phase, so that a page that stops an event on its way doesn't hide it from us. */
  const listen = <E>(types: string, work: (event: E) => unknown): unknown =>
    types.split(' ').map((type) => addEventListener(type, safely(work) as unknown as EventListener, 1 as never));

  // -- Beacons. Each says all that the collector needs of its page, so it doesn't matter if one overtakes another.

  /** The visitor asked not to be tracked; the collector does what the site configured. */
  const optedOut = navigator.globalPrivacyControl || navigator.doNotTrack == '1';
  /** The page that beacons speak of, cleaned; none until it has been seen. */
  let url: string | undefined;
  /** What tells it from another page of the site. At the very start: why nothing is counted. */
  let path: unknown;
  let referrer: string;
  let fragment: string;

  /** Sends a beacon about the page, unless the site does without it: `data-off="File Download"`. */
  const send = (name: string, details?: object | string): unknown =>
    attributes.off?.includes(name) ||
    (log(
      (details = JSON.stringify({
        n: name,
        u: url,
        d: attributes.site,
        r: referrer,
        ...(details as object),
        h: fragment > '',
        // Not by `Intl`, which loads its data first: 20 ms and more. A browser without `Temporal` leaves the country to the address.
        z: self.Temporal?.Now.timeZoneId(),
        w: screen.width,
        o: optedOut,
      })),
    ),
    // A text needs no preflight; nothing but the body goes along, not even to our own origin: no cookie, no `Referer`.
    // Firefox before 133 would cut a fetch off when the page is left.
    'keepalive' in Request.prototype
      ? fetch(api, {
          method: 'POST',
          body: details,
          keepalive: 1 as never,
          credentials: 'omit',
          referrerPolicy: 'no-referrer',
        }).then(log, log)
      : navigator.sendBeacon(api, details));

  // -- Attention: how long the page was visible and focused, and how far down it was seen.

  let engagedMs: number;
  /** When the visitor began to look; 0 while they don't. */
  let activeSince: number;
  /** Lower edge of the furthest view, in pixels. */
  let furthest: number;
  /** In percent. */
  let reportedDepth: number;

  const look = (): number => (furthest = Math.max(furthest, scrollY + innerHeight));

  /** Takes the time. If the page is left or not looked at, reports on it: once, then only when there is something new to say. */
  const report = (left?: unknown, now = performance.now()): void => {
    engagedMs += activeSince && now - activeSince;
    // With the focus in an embedded frame, `hasFocus` still says yes.
    (activeSince = left || document.hidden || !document.hasFocus() ? 0 : now) ||
      // A visitor who opted out is one tally: there is nothing to attach a report to. And without time to report, where the page
      // stands is not asked: a page that loads behind another window would be laid out early for it.
      (engagedMs &&
        !optedOut &&
        // From here on `now` is the depth. `| 0` turns the Infinity and NaN of a page without height into 0; the collector
        // takes what is more than 100 for 100.
        ((now = ((100 * look()) / document.documentElement.scrollHeight + 0.5) | 0) > reportedDepth ||
          engagedMs > WORTH_REPORTING_MS) &&
        (send('engagement', { e: engagedMs | 0, sd: (reportedDepth = now) }), (engagedMs = 0)));
  };

  // -- Navigation. A change of path is another page; with `data-hash` so is one of the fragment, of which no values are kept.

  /** Turns to the page at the present address, if it is another. With `data-canonical`, its address is that of the link so selected. */
  const navigated = safely(
    (_: unknown, { origin, pathname }: { origin: string; pathname: string } = new URL(document.querySelector<HTMLLinkElement>(attributes.canonical || 'x')?.href || (location as never))) =>
      path !=
        (path =
          location.pathname + (fragment = 'hash' in attributes ? location.hash.replace(/[?&=].*/, '') : '')) &&
      (report(1),
      // Only the first page has a referrer, if it is another site's; of it origin and path. The others were reached from within.
      (referrer = url ? '' : document.referrer.replace(RegExp('^' + location.origin + '/.*|[?#].*'), '')),
      (url =
        origin +
        pathname +
        // Campaign parameters stay; of a click id (collector/src/page.rs) only the name, as `gclid=`; the rest is emptied.
        location.search.replace(/([?&](\w+i[dk]=|(?!(utm_\w+|source|ref)=)))[^&]*/gi, '$1') +
        fragment),
      send('pageview'),
      (engagedMs = activeSince = furthest = reportedDepth = 0),
      report()),
  );

  // -- Actions: links out, downloads, forms, and elements that the page has tagged with `data-sanaq-event`.

  const acted = (event: MouseEvent): unknown =>
    // Neither the right button nor those at the side. A submission has no button.
    event.button > 1 ||
    // The path of the event also leads through shadow trees. Only forms have an `action`, and a click in one is no submission.
    (event.composedPath() as (HTMLAnchorElement & HTMLFormElement)[]).map(({ host, pathname, dataset, action }, name: any) =>
      !action == event.button >= 0 &&
      (name =
        dataset?.sanaqEvent ||
        (action
          ? 'Form: Submission'
          : host &&
            (/\.(pdf|docx?|xlsx?|pptx?|csv|zip|rar|apk|mp[34])$/i.test(pathname)
              ? 'File Download'
              : host != location.host && 'Outbound Link: Click'))) &&
      send(name, { p: dataset!.sanaqProps || (host && { url: host + pathname }) }),
    );

  // -- Start.

  /** Calls made before this script had loaded; later ones join them until the page has been seen. */
  const { q: queue = [] as Call[], on } = self.sanaq || (0 as unknown as Partial<Sanaq>);

  /** Visibility or focus has changed. A page that is prerendered or opened in the background counts when it is first shown. */
  const attend = ({ persisted }: { persisted?: boolean }): unknown =>
    url
      ? persisted
        ? // Back out of the back/forward cache.
          navigated((path = 0))
        : report()
      : document.hidden ||
        (navigated(),
        queue.map((call) => sanaq!(...call)),
        // After the frame: within it, looking where the page stands could make the browser lay it out once more.
        listen('scroll', () => setTimeout(look)),
        listen('popstate', navigated),
        listen('click auxclick submit', acted),
        self.navigation
          ? navigation.addEventListener('currententrychange', navigated as () => void)
          : (['pushState', 'replaceState'] as const).map((method) => {
              const original = history[method];
              history[method] = (...given) => navigated(original.apply(history, given) as never);
            }),
        (performance.getEntries()[0] as PerformanceNavigationTiming).responseStatus == 404 && send('404', { i: false }));

  on ||
    ((self.sanaq = safely((name: string, details?: SanaqDetails) =>
      url ? send(name, details) : queue.push([name, details]),
    ) as Sanaq),
    (sanaq!.on = 1),
    // Only read. Where the visitor has shut storage off, it throws.
    safely(() => (path = localStorage.sanaq_ignore))(),
    (path = path
      ? 'sanaq_ignore'
      : 'local' in attributes
        ? 0
        : navigator.webdriver
          ? 'webdriver'
          : location.hostname.match(/^(localhost$|127\.|\[::1|$)/))
      ? log(path)
      : (listen('focus blur visibilitychange pageshow', attend), attend(0 as never)));
};
