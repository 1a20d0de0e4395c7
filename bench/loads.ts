import { type Answer, ask } from './answers.ts';
import { type Filled, fillBetterAuth } from './database.ts';
import { startGateway, startLuaRedis } from './gateways.ts';
import type { Load } from './load.ts';
import { echo, junk, keep, type Requests, verify } from './requests.ts';
import { startApp, startServer } from './servers.ts';

export type Loads = Awaited<ReturnType<typeof startLoads>>;

/** Starts every server, checks its first answers, and returns each with its requests. */
export async function startLoads(folder: string, many: Filled, few: Filled) {
  const good = keep(folder, 'good', many.secrets.map(verify));
  const goodOfFew = keep(folder, 'good of few', few.secrets.map(verify));
  const bad = keep(folder, 'bad', many.secrets.map(junk));
  const echoes = keep(folder, 'echoes', many.secrets.map(echo));

  const app = await startApp(many.url);
  const checks = await expecting(204, app, good);
  const refusals = await expecting(401, app, bad);
  const echoed = await expecting(200, app, echoes);
  const appOfFew = await startApp(few.url);
  const plain = await startPlain(checks.answer);
  const plainRefusal = await startPlain(refusals.answer);
  const together = await startPlain(refusals.answer, { TOGETHER: 'yes' });
  const express = await startExpress(checks.answer, echoed.answer);
  const usualStack = await startServer('peers/usual-stack.ts', { DATABASE_URL: many.url });
  const luaRedis = await startLuaRedis(folder, many);
  const gateway = await startGateway(folder, plain, app);
  const openGateway = await startGateway(folder, plain);
  const betterAuth = await startServer('peers/better-auth.ts', { DATABASE_URL: many.url });
  await fillBetterAuth(many);
  // These servers must check keys, too.
  for (const origin of [usualStack, luaRedis, gateway, betterAuth]) {
    await expecting(401, origin, bad);
  }

  return {
    verify: checks,
    verifyOfFew: await expecting(204, appOfFew, goodOfFew),
    junk: refusals,
    echo: echoed,
    plain: await expecting(204, plain, good),
    usualStack: await expecting(204, usualStack, good),
    luaRedis: await expecting(204, luaRedis, good),
    gateway: await expecting(204, gateway, good),
    openGateway: await expecting(204, openGateway, good),
    plainRefusal: await expecting(401, plainRefusal, bad),
    plainRefusalTogether: await expecting(401, together, bad),
    express: await expecting(204, express, good),
    expressForEcho: await expecting(200, express, echoes),
    betterAuth: await expecting(204, betterAuth, good),
  };
}

/** A plain server with one answer for every request. */
function startPlain({ status, headers }: Answer, env = {}): Promise<string> {
  return startServer('peers/plain.ts', { ANSWER: JSON.stringify({ status, headers }), ...env });
}

/** Express, with routes that give these answers and its usual headers. */
function startExpress(check: Answer, echo: Answer): Promise<string> {
  const names = check.headers.filter((_text, at) => at % 2 === 0);
  const headers = names.map((name, at) => [name, check.headers[2 * at + 1]]);
  return startServer('peers/express.ts', {
    CHECK: JSON.stringify(Object.fromEntries(headers)),
    ECHO: echo.body,
  });
}

/** A load whose first few requests all got the expected status and answers of one size. */
export async function expecting(status: number, origin: string, requests: Requests): Promise<Load> {
  const few = requests.all.slice(0, 10);
  const [answer, ...others] = await Promise.all(few.map((request) => ask(origin, request)));
  if (answer === undefined) throw new Error('There are no requests.');
  for (const { status: got, bytes, body } of [answer, ...others]) {
    const isRight = got === status && bytes === answer.bytes && !body.includes('ERRORCODE');
    if (!isRight) throw new Error(`${origin} answered ${got}, not ${status}: ${body}`);
  }
  return { origin, requests, answer };
}
