import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { Page } from './page.mjs';
import { scripts } from './scripts.mjs';

for (const [shape, script] of scripts) {
  const sent = (given) => new Page(given).load(script).last;

  describe(`${shape}: cleaning before sending`, () => {
    const addresses = {
      'credentials go': ['https://user:secret@example.kz/a', 'https://example.kz/a'],
      'a fragment goes': ['https://example.kz/a#access_token=1', 'https://example.kz/a'],
      'unknown parameters go': ['https://example.kz/a?email=a@b.kz&q=x', 'https://example.kz/a?&'],
      'campaign parameters stay': [
        'https://example.kz/a?id=7&utm_source=tg&utm_medium=post&x=1&utm_campaign=k%D3%A9ktem&ref=nl&source=app',
        'https://example.kz/a?&utm_source=tg&utm_medium=post&&utm_campaign=k%D3%A9ktem&ref=nl&source=app',
      ],
      'of a click id only the name stays': [
        'https://example.kz/?gclid=EAIaIQ&a=1&yclid=77&msclkid=8&gbraid=9&fbclid=',
        'https://example.kz/?gclid=&&yclid=&msclkid=&gbraid=&fbclid=',
      ],
      'names are known in any case': ['https://example.kz/?UTM_Source=tg&GCLID=1', 'https://example.kz/?UTM_Source=tg&GCLID='],
      'an address inside a value is not searched for parameters': [
        'https://example.kz/?next=/login?ref=secret&token?utm_source=x',
        'https://example.kz/?&',
      ],
      'names are matched whole': ['https://example.kz/?myref=1&xutm_source=2&resource=3&gclid_=7&ref&idx=9', 'https://example.kz/?&&&&&'],
      'of a name that only looks like a click id the value goes too': ['https://example.kz/?userid=77&sid=abc', 'https://example.kz/?userid=&sid='],
      'a port stays': ['https://example.kz:8443/a?', 'https://example.kz:8443/a'],
    };
    for (const [rule, [url, expected]] of Object.entries(addresses)) {
      test(rule, () => assert.equal(sent({ url }).u, expected));
    }

    test('every click id the collector knows keeps its name', async () => {
      const source = await readFile(new URL('../../collector/src/page.rs', import.meta.url), 'utf8');
      const names = source.match(/const CLICK_IDS[^;]*= &?\[([^\]]*)\]/)[1].match(/\w+/g);
      assert.ok(names.includes('gclid'));
      for (const name of names) {
        assert.equal(sent({ url: `https://example.kz/?${name}=secret` }).u, `https://example.kz/?${name}=`);
      }
    });

    const referrers = {
      'a referrer is cut to origin and path': ['https://www.google.kz/search?q=private#x', 'https://www.google.kz/search'],
      'an app stays a referrer': ['android-app://org.telegram.messenger/', 'android-app://org.telegram.messenger/'],
      'the own site is no referrer': ['https://example.kz/kk/?a=1', ''],
      'a host that begins like ours is another site': ['https://example.kz.evil.example/', 'https://example.kz.evil.example/'],
      'no referrer is an empty one': ['', ''],
    };
    for (const [rule, [referrer, expected]] of Object.entries(referrers)) {
      test(rule, () => assert.equal(sent({ referrer }).r, expected));
    }

    describe('with data-canonical', () => {
      const attributes = { canonical: 'link[rel=canonical]' };
      test('the address is the one the page calls its own, cleaned; campaign parameters are still those it was opened with', () => {
        const page = { url: 'https://example.kz/kk/bet/?session=1&utm_source=tg#x', attributes };
        assert.equal(sent({ ...page, canonical: 'https://user:pw@example.kz/bet?a=1#b' }).u, 'https://example.kz/bet?&utm_source=tg');
        assert.equal(sent(page).u, 'https://example.kz/kk/bet/?&utm_source=tg', 'a page without one');
      });
      test('a selector that is none leaves the page uncounted and unharmed', () => {
        const page = new Page({ attributes: { canonical: '' , debug: '' }, querySelector: undefined });
        page.document.querySelector = () => { throw new SyntaxError('no selector'); };
        assert.deepEqual(page.load(script).bodies, []);
      });
    });

    test('of a fragment that names pages no values are sent', () => {
      const hash = (fragment) => sent({ url: `https://example.kz/${fragment}`, attributes: { hash: '' } }).u;
      assert.equal(hash('#/a/b?token=1'), 'https://example.kz/#/a/b');
      assert.equal(hash('#access_token=secret&state=1'), 'https://example.kz/#access_token');
    });
  });

  describe(`${shape}: respect for opt-outs`, () => {
    for (const [signal, navigator] of [
      ['Global Privacy Control', { globalPrivacyControl: true }],
      ['Do Not Track', { doNotTrack: '1' }],
    ]) {
      test(`${signal} is passed on, and nothing is reported that a tally has no use for`, () => {
        const page = new Page({ navigator }).load(script).event('Signup').wait(9000).scrollTo(900).leave();
        assert.deepEqual(page.beacons.map(({ n, o }) => [n, o]), [['pageview', true], ['Signup', true]]);
      });
    }

    test('no signal, or one that says no, is no opt-out', () => {
      assert.equal(sent().o, false);
      assert.equal(sent({ navigator: { doNotTrack: '0', globalPrivacyControl: false } }).o, false);
    });
  });
}
