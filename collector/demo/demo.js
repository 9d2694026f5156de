// What the demo's pages do themselves: a button is a custom event, the tour moves on without loading a page.

for (const button of document.querySelectorAll('button[data-event]')) {
  button.addEventListener('click', () => {
    window.sanaq?.(button.dataset.event, { props: { place: button.dataset.place } });
    document.querySelector('.said').textContent = 'Рақмет! Оқиға саналды.';
  });
}

const steps = [...document.querySelectorAll('a[data-step]')];

/** Shows the stop that the address names; none at the start of the tour. */
const show = () => {
  const here = location.pathname.split('/')[3] ?? '';
  for (const link of steps) {
    const name = link.dataset.step;
    document.getElementById(name).hidden = name !== here;
    if (name === here) link.setAttribute('aria-current', 'step');
    else link.removeAttribute('aria-current');
  }
};

for (const link of steps) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    history.pushState(null, '', link.href);
    show();
  });
}

if (steps.length) {
  addEventListener('popstate', show);
  show();
}
