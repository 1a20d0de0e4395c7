import type { RequestListener } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { connectionsOf, type Database } from '../../db/database.ts';
import { keyCheckOutcomes } from '../key-checks/outcomes.ts';
import { requestTimes, type Timed } from './request-times.ts';
import { logInOutcomes, signals } from './signals.ts';

export interface Metrics {
  timed: Timed;
  /** Answers `GET /metrics` in Prometheus's text format. */
  listener: RequestListener;
}

/** Counts what this process does from now on, and measures the process. Started once in each process. */
export function startMetrics(db: Database): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // Metrics of Node and the process: event-loop delay, memory, garbage collection, CPU.
  collectDefaultMetrics({ register: registry });

  const checks = new Counter({
    name: 'key_checks_total',
    help: 'Checks of keys by outcome, from any caller.',
    labelNames: ['outcome'],
    registers,
  });
  const logIns = new Counter({
    name: 'log_ins_total',
    help: 'Names and passwords given, on the page or to the API, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const lookups = new Histogram({
    name: 'key_lookup_keys',
    help: 'Keys that one statement looked up.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    registers,
  });
  new Gauge({
    name: 'database_connections',
    help: 'Connections of the pool to PostgreSQL, and requests that wait for one.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(connectionsOf(db) ?? {})) {
        this.set({ state }, count);
      }
    },
  });

  // Starting at zero, so that the first of each outcome is seen as a change.
  for (const outcome of keyCheckOutcomes) checks.inc({ outcome }, 0);
  for (const outcome of logInOutcomes) logIns.inc({ outcome }, 0);
  signals.on('key check', (outcome) => checks.inc({ outcome }));
  signals.on('log in', (outcome) => logIns.inc({ outcome }));
  signals.on('key lookup', (keys) => lookups.observe(keys));

  return { timed: requestTimes(registry), listener: expose(registry) };
}

function expose(registry: Registry): RequestListener {
  return async ({ method, url }, res) => {
    if (!/^(GET|HEAD)$/.test(method ?? '') || !/^\/metrics(\?|$)/.test(url ?? '')) {
      res.writeHead(404).end();
      return;
    }
    const text = await registry.metrics();
    res.writeHead(200, { 'Content-Type': registry.contentType }).end(text);
  };
}
