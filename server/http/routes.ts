import type { Express } from 'express';

interface Listed {
  path: string;
  methods?: string[];
  router?: object;
}

/**
 * All routes of an app, by their whole paths, such as `/profile/api-keys/:id/remove`. The method of
 * a route for all methods is `*`.
 */
export function routesOf({ router }: Express): { method: string; path: string }[] {
  return flatten(router);
}

/** As Express does, lists HEAD beside each GET. */
function flatten(router: object, base = ''): { method: string; path: string }[] {
  return listRoutes(router).flatMap(({ path, methods, router: mounted }) => {
    const whole = path === '/' ? base : base + path;
    if (mounted) return flatten(mounted, whole);
    return (methods ?? []).map((method) => ({ method, path: whole || '/' }));
  });
}

/** Express's own list, which its types don't know yet. */
function listRoutes(router: object): Listed[] {
  if (!('listRoutes' in router && typeof router.listRoutes === 'function')) {
    throw new Error('This is not a router.');
  }
  return router.listRoutes();
}
