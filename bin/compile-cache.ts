// Imported before the app: what Node makes of its modules is kept for the next start. Node itself
// leaves alone what is stale, damaged or can't be written.
import { enableCompileCache } from 'node:module';
import path from 'node:path';

enableCompileCache(path.resolve(import.meta.dirname, '../node_modules/.cache/compiled'));
