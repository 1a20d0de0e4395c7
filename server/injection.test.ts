// What people and programs send stays text, in pages, headers and the log.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { describeProxiedApp } from './testing/describe-app.ts';
import { addUser, PASSWORD } from './testing/users.ts';
import type { Visitor } from './testing/visitor.ts';

const TAB = '/profile/api-keys';
const MARK = 'q7x';
/** Each would leave a trace if it were run as code or read as markup. */
const injections = [
  `${MARK}<%= 6*7 %>`,
  `${MARK}<%- process.version %>`,
  `${MARK}\${6*7}`,
  `${MARK}{{6*7}}`,
  `${MARK}#{6*7}`,
  `${MARK}<script>alert(1)</script>`,
  `${MARK}" autofocus onfocus="alert(1)`,
  `${MARK}'><img src=x onerror=alert(1)>`,
  `${MARK}</textarea><!--`,
];

describeProxiedApp('injection', (on) => {
  let visitor: Visitor;
  before(async () => {
    await addUser(on.db, 'ada');
    visitor = await on.app.signIn('ada');
  });

  /** Asserts that a page has what was sent as text, or not at all, and that it was not run as code. */
  function isText(body: string, sent: string, where: string, { shown = true } = {}) {
    const escaped = sent
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&#34;')
      .replaceAll("'", '&#39;');
    assert.ok(!new RegExp(`${MARK}(42|v\\d)`).test(body), `${where} was run`);
    assert.ok(escaped === sent || !body.includes(sent), `${where} is not escaped`);
    assert.ok(!shown || body.includes(escaped), `${where} is not shown`);
  }

  for (const text of injections) {
    test(`${text} stays text in every field that is shown again`, async () => {
      const stranger = on.app.newVisitor();
      await stranger.get('/login');
      const login = await stranger.post('/login', { username: text, password: 'wrong', next: '' });
      isText(login.body, text, 'username');
      const query = new URLSearchParams({ username: text, label: text, next: `/${text}` });
      isText((await stranger.get(`/login?${query}`)).body, text, 'username in the URL');
      isText((await visitor.get(`${TAB}?${query}`)).body, text, 'label in the URL');

      await visitor.get('/profile');
      const profile = await visitor.post('/profile', { time_zone: text });
      assert.equal(profile.status, 422);
      isText(profile.body, text, 'time zone', { shown: false });
      await visitor.get(TAB);
      const wrong = await visitor.post(TAB, {
        label: text,
        expires: text,
        request_id: visitor.requestId,
      });
      assert.equal(wrong.status, 422);
      isText(wrong.body, text, 'label of a refused form');

      const agent = { 'user-agent': text };
      await visitor.get(TAB);
      const made = await visitor.post(
        TAB,
        { label: text, expires: 'never', request_id: visitor.requestId },
        agent,
      );
      isText(made.body, text, 'label in the table');
      const [, id] = [...made.body.matchAll(/api-keys\/(\d+)\/remove/g)].at(-1) ?? [];
      isText((await visitor.get(`${TAB}/${id}/remove`)).body, text, 'label at removal');
      await visitor.post(`${TAB}/${id}/remove`, {}, agent);
      isText((await visitor.get(TAB)).body, text, 'program', { shown: false });
    });
  }

  const controls = [
    '\r\nX-Evil: 1',
    '\r\n\r\n<script>',
    '\u001b[31mred\u001b[0m',
    '\u2028',
    '\u0085',
  ];
  for (const control of controls) {
    test(`${JSON.stringify(control)} breaks neither a header nor a line of the log`, async () => {
      const text = `${MARK}${control}`;
      on.app.logLines.length = 0;
      const answers = [
        await visitor.get(`/${encodeURIComponent(text)}`),
        await visitor.get(`${TAB}?${new URLSearchParams({ label: text, next: text })}`),
        await on.app
          .newVisitor()
          .get(`/profile/${encodeURIComponent(text)}?x=${encodeURIComponent(text)}`),
        await on.app.newVisitor().get(`/api/${encodeURIComponent(text)}`),
        await on.app
          .newVisitor()
          .get(`/?api_action=${encodeURIComponent(text)}&api_key=${encodeURIComponent(text)}`),
        await on.app.newVisitor().get(`/auth/verify?permission=${encodeURIComponent(text)}`),
      ];
      const stranger = on.app.newVisitor();
      await stranger.get('/login');
      answers.push(
        await stranger.post('/login', { username: text, password: PASSWORD, next: `/${text}` }),
      );
      await visitor.get(TAB);
      answers.push(
        await visitor.post(TAB, { label: text, expires: 'never', request_id: visitor.requestId }),
      );
      for (const { status, headers } of answers) {
        assert.ok(status < 500);
        assert.equal(headers.get('x-evil'), null);
      }
      assert.ok(on.app.logLines.length >= answers.length - 1);
      for (const line of on.app.logLines) {
        assert.equal(line.trimEnd().split(/[\r\n\u2028\u0085]/).length, 1);
        assert.ok(!line.includes('\u001b'));
        assert.equal(typeof JSON.parse(line), 'object');
      }
    });
  }
});
