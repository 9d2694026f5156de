import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Page } from './page.mjs';
import { scripts } from './scripts.mjs';

for (const [shape, script] of scripts) {
  const open = (given) => new Page(given).load(script);

  describe(`${shape}: custom events`, () => {
    test('carry properties, revenue and the page', () => {
      const { n, u, props, revenue, interactive } = open().event('Signup', {
        props: { plan: 'pro', seats: 3 },
        revenue: { amount: 10.5, currency: 'KZT' },
      }).last;
      assert.deepEqual({ n, u, props, revenue, interactive }, {
        n: 'Signup',
        u: 'https://example.kz/kk/bet',
        props: { plan: 'pro', seats: 3 },
        revenue: { amount: 10.5, currency: 'KZT' },
        interactive: undefined,
      });
    });

    test('say whether they are interactive', () => {
      assert.equal(open().event('Ad', { interactive: false }).last.interactive, false);
      assert.equal(open().event('Ad').last.interactive, undefined);
    });

    test('called before the script has loaded follow the pageview, in order', () => {
      const page = new Page();
      const early = (...call) => (early.q = early.q || []).push(call);
      page.window.sanaq = early;
      early('First');
      early('Second', { props: { a: 1 } });
      page.load(script).event('Third');
      assert.deepEqual(page.story.map(([name]) => name), ['pageview', 'First', 'Second', 'Third']);
      assert.deepEqual(page.beacons[2].props, { a: 1 });
    });

    test('of a page not yet seen wait until it is', () => {
      const page = open({ hidden: true }).event('Early');
      assert.deepEqual(page.bodies, []);
      assert.deepEqual(page.show().story.map(([name]) => name), ['pageview', 'Early']);
    });

    test('one that cannot be sent does not hold up the others', () => {
      const page = new Page();
      const circle = {};
      circle.circle = circle;
      page.window.sanaq = Object.assign(() => {}, { q: [['Bad', { props: circle }], ['Good']] });
      assert.deepEqual(page.load(script).story.map(([name]) => name), ['pageview', 'Good']);
    });
  });

  describe(`${shape}: outbound links`, () => {
    const count = (page) => page.beacons.filter(({ n }) => n === 'Outbound Link: Click').length;

    test('are counted with host and path only', () => {
      const { n, p } = open().click('https://user:pw@other.example:8443/a/b?token=1#x').last;
      assert.deepEqual([n, p], ['Outbound Link: Click', { url: 'other.example:8443/a/b' }]);
    });

    test('count with the middle button, not with the right one', () => {
      assert.equal(count(open().click('https://other.example/', { type: 'auxclick', button: 1 })), 1);
      assert.equal(count(open().click('https://other.example/', { type: 'auxclick', button: 2 })), 0);
    });

    test('are links to another host', () => {
      const page = open().click('https://example.kz/other').click('mailto:a@b.kz').click('tel:+77010000000');
      assert.equal(count(page.click(undefined)), 0);
    });
  });

  describe(`${shape}: other automatic events`, () => {
    const told = (page) => page.beacons.filter(({ n }) => n !== 'pageview').map(({ n, p }) => [n, p]);

    test('a link to a file is a download, here or elsewhere, and no outbound link', () => {
      for (const ending of ['pdf', 'doc', 'docx', 'XLSX', 'ppt', 'pptx', 'csv', 'zip', 'rar', 'apk', 'mp3', 'mp4']) {
        assert.deepEqual(told(open().click(`https://example.kz/f/esep.${ending}?v=2`)), [['File Download', { url: `example.kz/f/esep.${ending}` }]]);
      }
      assert.deepEqual(told(open().click('https://other.example/a.pdf')), [['File Download', { url: 'other.example/a.pdf' }]]);
      assert.deepEqual(told(open().click('https://example.kz/a.html').click('https://example.kz/pdf').click('https://example.kz/a.pdf.html')), []);
    });

    test('a submission is counted, without anything of the form; the collector adds the path', () => {
      assert.deepEqual(told(open().submit()), [['Form: Submission', undefined]]);
    });

    test('a tagged element is the event it names, in place of what it would be', () => {
      const dataset = { sanaqEvent: 'Apply', sanaqProps: '{"place":"top"}' };
      assert.deepEqual(told(open().click(undefined, { dataset })), [['Apply', '{"place":"top"}']]);
      assert.deepEqual(told(open().submit(dataset)), [['Apply', '{"place":"top"}']]);
      assert.deepEqual(told(open().click('https://other.example/a', { dataset: { sanaqEvent: 'Partner' } })), [['Partner', { url: 'other.example/a' }]]);
      assert.deepEqual(told(open().click(undefined, { dataset, type: 'auxclick', button: 2 })), []);
    });

    test('a page that the server calls missing is the event 404, which is no interaction', () => {
      const { n, i } = open({ status: 404 }).last;
      assert.deepEqual([n, i], ['404', false]);
      assert.deepEqual(told(open({ status: 404 }).push('/found')).map(([n]) => n).filter((n) => n === '404'), ['404']);
    });

    test('a browser that does not tell the status has no event 404', () => {
      assert.deepEqual(told(open({ status: undefined })), []);
    });

    for (const [name, cause] of Object.entries({
      'Outbound Link: Click': (page) => page.click('https://other.example/'),
      'File Download': (page) => page.click('https://example.kz/a.pdf'),
      'Form: Submission': (page) => page.submit(),
      Apply: (page) => page.click(undefined, { dataset: { sanaqEvent: 'Apply' } }),
      404: (page) => page,
    })) {
      test(`data-off="… ${name} …" does without, and with that one only`, () => {
        const given = { status: name === '404' ? 404 : 200 };
        assert.deepEqual(told(cause(open({ ...given, attributes: { off: `x, ${name}, y` } }))), []);
        assert.deepEqual(told(cause(open({ ...given, attributes: { off: 'Something else' } }))).map(([n]) => n), [name]);
      });
    }
  });
}
