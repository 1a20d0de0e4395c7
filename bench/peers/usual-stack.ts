// What people build from well-known packages: Express, passport-headerapikey and pg, on the app's own
// tables. It finds the row by the prefix of the key and compares digests, once for each request.
import { createHash, timingSafeEqual } from 'node:crypto';
import express from 'express';
import passport from 'passport';
import { HeaderAPIKeyStrategy } from 'passport-headerapikey';
import pg from 'pg';

interface Row {
  digest: Buffer;
  username: string;
}

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const strategy = new HeaderAPIKeyStrategy(
  { header: 'Authorization', prefix: 'Bearer ' },
  false,
  (key, done) => {
    findUser(key).then(
      (username) => done(null, username === undefined ? undefined : { username }),
      (error) => done(error),
    );
  },
);
passport.use(strategy);

const app = express();
app.get('/auth/verify', passport.authenticate('headerapikey', { session: false }), (req, res) => {
  const { username = '' } = { ...req.user };
  res.set('X-Auth-User', username).status(204).end();
});
app.listen(Number(process.env.PORT), '127.0.0.1');

/** The user of a good key. */
async function findUser(key: string): Promise<string | undefined> {
  const { rows } = await pool.query<Row>(
    `select k.digest, u.username
      from api_keys k join users u on u.id = k.user_id
      where k.prefix = $1 and k.removed_at is null and u.disabled_at is null
        and (k.expires_at is null or k.expires_at > now())`,
    [key.slice(0, 16)],
  );
  const digest = createHash('sha256').update(key).digest();
  return rows.find((row) => timingSafeEqual(row.digest, digest))?.username;
}
