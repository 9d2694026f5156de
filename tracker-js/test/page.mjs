// A page that exists only as far as the tracker looks at it, with a clock, a focus and a history that tests move.
// What real browsers do on their own is tested in real browsers (tests/browser); here it is what we do about it.
import { runInNewContext } from 'node:vm';

export class Page {
  /** Bodies of the beacons sent, as texts. */
  bodies = [];
  /** `[url, options]` of each `fetch`, or `[url, 'beacon']`. */
  requests = [];
  /** What `data-debug` printed. */
  log = [];

  constructor({
    url = 'https://example.kz/kk/bet',
    referrer = '',
    attributes = {},
    src = 'https://stats.example.org/js/script.js',
    hidden = false,
    focused = true,
    height = 2000,
    viewport = 800,
    navigator = {},
    navigationApi = true,
    keepalive = true,
    canonical,
    status = 200,
    ...more
  } = {}) {
    const page = this;
    const events = new EventTarget();
    const document = {
      currentScript: { src, dataset: { site: 'example.kz', ...attributes } },
      referrer,
      hidden,
      hasFocus: () => focused,
      documentElement: { scrollHeight: height },
      querySelector: (selector) => (selector === 'link[rel=canonical]' && canonical ? { href: canonical } : null),
    };
    const go = (to) => {
      window.location = new URL(to, window.location);
      if (navigationApi) window.navigation.dispatchEvent(new Event('currententrychange'));
    };
    const window = {
      URL,
      console: { log: (...what) => page.log.push(what) },
      document,
      location: new URL(url),
      navigator: {
        sendBeacon(to, body) {
          page.requests.push([String(to), 'beacon']);
          page.bodies.push(body);
        },
        ...navigator,
      },
      screen: { width: 1536 },
      scrollY: 0,
      innerHeight: viewport,
      performance: { now: () => page.clock, getEntries: () => [{ responseStatus: status }] },
      localStorage: {},
      Temporal: { Now: { timeZoneId: () => 'Asia/Almaty' } },
      // What is put off happens at once.
      setTimeout: (work) => work(),
      history: { pushState: (_state, _title, to) => go(to), replaceState: (_state, _title, to) => go(to) },
      // Minified, `true` may have become 1: Node minds, browsers don't.
      addEventListener: (type, work, capture) => events.addEventListener(type, work, !!capture),
      Request: class {},
      async fetch(to, options) {
        page.requests.push([String(to), options]);
        page.bodies.push(options.body);
        return new Response('ok', { status: 202 });
      },
      ...more,
    };
    if (keepalive) Object.defineProperty(window.Request.prototype, 'keepalive', { get() {} });
    if (navigationApi) {
      const navigation = new EventTarget();
      window.navigation = {
        addEventListener: (type, work, capture) => navigation.addEventListener(type, work, !!capture),
        dispatchEvent: (event) => navigation.dispatchEvent(event),
      };
    }
    window.window = window.self = window;
    Object.assign(this, { window, document, events, clock: 1000, setFocus: (now) => (focused = now) });
  }

  load(script) {
    runInNewContext(script, this.window);
    return this;
  }

  dispatch(type, fields = {}) {
    this.events.dispatchEvent(Object.assign(new Event(type), fields));
    return this;
  }

  wait(ms) {
    this.clock += ms;
    return this;
  }

  hide() {
    this.document.hidden = true;
    return this.dispatch('visibilitychange');
  }

  show() {
    this.document.hidden = false;
    return this.dispatch('visibilitychange');
  }

  blur() {
    this.setFocus(false);
    return this.dispatch('blur');
  }

  focus() {
    this.setFocus(true);
    return this.dispatch('focus');
  }

  scrollTo(y) {
    this.window.scrollY = y;
    return this.dispatch('scroll');
  }

  push(to) {
    this.window.history.pushState(null, '', to);
    return this;
  }

  replace(to) {
    this.window.history.replaceState(null, '', to);
    return this;
  }

  back(to) {
    this.window.location = new URL(to, this.window.location);
    if (this.window.navigation) this.window.navigation.dispatchEvent(new Event('currententrychange'));
    return this.dispatch('popstate');
  }

  /** Chromium's order when a page is left for another document. */
  leave() {
    this.dispatch('pagehide');
    return this.hide();
  }

  /** Clicks an element inside a link to this address; `dataset` is the link's, or the element's where there is no link. */
  click(href, { type = 'click', button = 0, dataset = {} } = {}) {
    const { host, pathname } = href ? new URL(href) : {};
    const path = [{ dataset: {} }, { host, pathname, dataset }, this.document, this.window];
    return this.dispatch(type, { button, composedPath: () => path });
  }

  /** Submits a form. */
  submit(dataset = {}) {
    return this.dispatch('submit', { composedPath: () => [{ action: 'https://example.kz/', dataset }, this.document, this.window] });
  }

  event(name, details) {
    this.window.sanaq(name, details);
    return this;
  }

  get beacons() {
    return this.bodies.map((body) => JSON.parse(body));
  }

  /** `[name, url]` of each beacon. */
  get story() {
    return this.beacons.map(({ n, u }) => [n, u.replace(/^https:..example.kz/, '')]);
  }

  get last() {
    return this.beacons.at(-1);
  }
}
