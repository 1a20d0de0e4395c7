// Express 5 as it comes: two routes that do nothing but give the answers of the app.
import express from 'express';

const check = JSON.parse(process.env.CHECK ?? '{}');
const echo = JSON.parse(process.env.ECHO ?? '{}');

const app = express();
app.get('/auth/verify', (_req, res) => {
  res.set(check).status(204).end();
});
app.get('/api/', (_req, res) => {
  res.json(echo);
});
app.listen(Number(process.env.PORT), '127.0.0.1');
