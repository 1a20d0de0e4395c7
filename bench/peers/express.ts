// Express 5 with default settings: two routes that only give the app's answers.
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
