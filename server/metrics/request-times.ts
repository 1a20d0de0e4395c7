import type { RequestListener } from 'node:http';
import { Histogram, type Registry } from 'prom-client';

/** Makes a listener that times the answers of another one, by these routes. */
export type Timed = (listener: RequestListener, routes: Iterable<string>) => RequestListener;

/** The label of all other methods and routes. Clients choose them, so their number must have a limit. */
const OTHER = 'other';

const MAX_LENGTH = 256;

const FILE = /^\/assets\//;

export function requestTimes(registry: Registry): Timed {
  const times = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the head of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });

  return (listener, paths) => {
    const routes = new Set(paths);
    return (req, res) => {
      const start = performance.now();
      // Read now, since Express changes `req.url`.
      const { url = '', method = '' } = req;
      res.on('close', () => {
        const labels = {
          method: /^(GET|HEAD|POST|DELETE)$/.test(method) ? method : OTHER,
          route: routeOf(url, routes),
          // Aborted: the client has gone, or the answer failed.
          status: res.writableFinished ? res.statusCode : 'aborted',
        };
        times.observe(labels, (performance.now() - start) / 1000);
      });
      listener(req, res);
    };
  };
}

/** `/profile/api-keys/5/remove?x=y` is one of `/profile/api-keys/:id/remove`. */
function routeOf(url: string, routes: Set<string>): string {
  const path = url
    // No route is longer than this.
    .slice(0, MAX_LENGTH)
    .replace(/\?.*$/, '')
    .replace(/\/\d+(?=\/|$)/g, '/:id')
    .replace(/^(\/auth\/verify)\/.*$/, '$1')
    .replace(/(?<=.)\/$/, '')
    .toLowerCase();
  if (routes.has(path)) return path;
  return FILE.test(path) ? 'files' : OTHER;
}
