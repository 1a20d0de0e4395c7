// The app as it ships, in a separate process, on the PostgreSQL database that the argument names, or on an
// embedded one in memory. Tests send messages for what a person can't do: add a user, let time pass.
import { sql } from 'kysely';
import { openDatabase } from '../../db/database.ts';
import { startApp } from '../../server/testing/app.ts';
import { addUser, makePasswordTemporary } from '../../server/testing/users.ts';
import type { Command, PastKey } from './app.ts';
import { dump, Secrets } from './secrets.ts';

const [, , url] = process.argv;
const location = url === undefined ? { memory: true as const } : { url };
const db = await openDatabase(location);
const secrets = new Secrets();
// With several instances behind nginx, the client's IP address is in a header.
const trustProxy = url === undefined ? (false as const) : ['127.0.0.1'];
const options: Parameters<typeof startApp>[3] = {
  wrap: (listener) => secrets.listen(listener),
  onLogLine(line) {
    // Errors only: warnings and requests would flood the tests' output.
    if (/"level":[56]0/.test(line)) process.stdout.write(line);
  },
};
const app = await startApp(db, { trustProxy }, location, options);
// The same app, where two-factor authentication is required.
const strict = await startApp(db, { trustProxy, requireTwoFactor: true }, location, options);
process.send?.({ origin: app.origin, strictOrigin: strict.origin });

const PAST_BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0';

process.on('message', async ({ id, command }: { id: number; command: Command }) => {
  await perform(command);
  process.send?.({ done: id });
});

process.on('disconnect', async () => {
  await app.close();
  await strict.close();
  const log = [...app.logLines, ...strict.logLines].join('');
  const { known, leaked } = secrets.lookFor(log + (await dump(db)));
  if (known === 0 || leaked.length > 0) {
    console.error(`Of ${known} secrets, the log or the database contains:`, leaked);
    process.exitCode = 1;
  }
  await db.destroy();
});

async function perform(command: Command): Promise<void> {
  const { action, username } = command;
  if (action === 'add user') {
    await addUser(db, username);
  } else if (action === 'make the password temporary') {
    await makePasswordTemporary(db, username);
  } else if (action === 'let re-authentication pass') {
    await sql`update sessions set authenticated_at = authenticated_at - interval '10 minutes',
        code_accepted_at = code_accepted_at - interval '10 minutes'
      where user_id = (select id from users where username = ${username})`.execute(db);
  } else if (action === 'let codes pass') {
    await sql`update two_factor set last_step = last_step - 10
      where user_id = (select id from users where username = ${username})`.execute(db);
  } else if (action === 'let the log in wait') {
    await sql`update sessions set created_at = created_at - interval '5 minutes'
      where pending_user_id = (select id from users where username = ${username})`.execute(db);
  } else if (action === 'give a past') {
    for (const key of command.keys) await insertPastKey(username, key);
  } else {
    await sql`update api_keys set created_at = created_at - interval '2 hours'
      where user_id = (select id from users where username = ${username})`.execute(db);
  }
}

/** Inserts a key with its event. No secret matches it: its digest is that of its prefix. */
async function insertPastKey(username: string, key: PastKey): Promise<void> {
  const agent = key.via === 'API' ? 'curl/8.5.0' : PAST_BROWSER;
  await sql`
    with inserted as (
      insert into api_keys (user_id, label, prefix, digest, request_id, created_at, created_ip,
        created_via, expires_at, last_used_at, last_used_ip)
      select id, ${key.label}, ${key.prefix}, sha256(${key.prefix}::text::bytea), gen_random_uuid(),
        ${key.createdAt}::timestamptz, '127.0.0.1', ${key.via}, ${key.expiresAt ?? null}::timestamptz,
        ${key.lastUsedAt ?? null}::timestamptz, ${key.lastUsedIp ?? null}::inet
      from users where username = ${username}
      returning id, user_id, label, prefix, created_at, created_ip
    )
    insert into events (kind, user_id, key_id, at, ip, user_agent, details)
    select 'key made', user_id, id, created_at, created_ip, ${agent},
      jsonb_build_object('label', label, 'prefix', prefix) from inserted`.execute(db);
}
