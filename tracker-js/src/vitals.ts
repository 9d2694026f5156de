// The module a page adds to have its web vitals measured: it waits until the page is idle, then loads what measures.

const load = (): void => {
  const idle: (work: () => void) => unknown = window.requestIdleCallback ?? setTimeout;
  idle(() => import('./web-vitals.js').then(({ measure }) => measure()).catch(() => {}));
};

// A visitor who opted out is one tally: there is nothing to attach a measurement to.
if (!navigator.globalPrivacyControl && navigator.doNotTrack != '1') {
  if (document.readyState == 'complete') load();
  else addEventListener('load', load);
}

export {};
