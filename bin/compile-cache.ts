// Imported before the app: keeps Node's compiled modules for the next start. Node ignores a cache that
// is stale, damaged or not writable.
import { enableCompileCache } from 'node:module';
import path from 'node:path';

enableCompileCache(path.resolve(import.meta.dirname, '../node_modules/.cache/compiled'));
