// What is left of an address before it is sent: no credentials, no title, no unknown parameter, no fragment.

import { attributes } from './tag';

/** With `data-hash` the fragment tells pages apart, so it stays, without what looks like a query in it. */
const fragment = (): string => ('hash' in attributes ? location.hash.replace(/\?.*/, '') : '');

/** What tells one page of the site from another: a change of it is a navigation. */
export const pagePath = (): string => location.pathname + fragment();

/**
 * Campaign parameters stay; of a click id only the name, as `gclid=`; everything else goes. The names are those that the
 * collector reads (collector/src/page.rs), give or take advertisers of the same naming.
 */
const query = (): string =>
  (
    location.search.match(
      /(^\?|&)(((utm_)?source|utm_(medium|campaign|content|term)|ref)=[^&]*|(\w+(cl(k|ick)?|bra)|s?cc|rdt_c|igsh|li_fat_)id=|epik=)/gi,
    ) || []
  )
    .join('')
    .replace(/^&/, '?');

/** The page's address as it is sent. */
export const pageUrl = (): string => location.origin + location.pathname + query() + fragment();

/** Where the visitor came from: origin and path, nothing for the site's own pages. */
export const externalReferrer = (): string => {
  const referrer = document.referrer.replace(/[?#].*/, '');
  return referrer.startsWith(location.origin + '/') ? '' : referrer;
};
