// better-auth's api-key plugin behind the Express route that its users would write. Its rate limit
// is off, since the app's checks have none. Creates its tables if necessary before it listens.
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import express from 'express';
import pg from 'pg';

const auth = betterAuth({
  baseURL: 'http://127.0.0.1',
  secret: 'a secret of the benchmarks, long enough',
  database: new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 }),
  // It would warn that its tables, which are created below, are missing.
  logger: { disabled: true },
  telemetry: { enabled: false },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();

const app = express();
app.get('/auth/verify', async (req, res) => {
  const secret = req.headers.authorization?.replace(/^Bearer /, '') ?? '';
  const { valid, key } = await auth.api.verifyApiKey({ body: { key: secret } });
  if (valid && key) res.set('X-Auth-User', key.referenceId).status(204).end();
  else res.status(401).end();
});
app.listen(Number(process.env.PORT), '127.0.0.1');
