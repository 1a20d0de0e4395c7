import { readFileSync } from 'node:fs';
import { OperatorError } from '../../db/errors.ts';
import {
  type DatabaseLocation,
  databaseUrlProblem,
  type StandbyLocation,
  standbyUrlProblem,
} from '../../db/location.ts';
import { passwordProblem } from '../auth/password-rules.ts';
import { usernameProblem } from '../auth/username.ts';
import { keptSecret, parseSecrets } from './secrets.ts';
import { parseTrustProxy, type TrustProxy } from './trust-proxy.ts';

/** How long events are kept where nothing is set. */
const DEFAULT_EVENT_RETENTION_DAYS = 365;
const MAX_DAYS = 36_500;
const MAX_PORT = 65_535;

export interface Config {
  host: string;
  port: number;
  /** Undefined: there are no metrics. */
  metricsPort: number | undefined;
  database: DatabaseLocation;
  /** The standby that key checks read; undefined: they read the database. */
  standby: StandbyLocation | undefined;
  /** The scheme and host that browsers see, such as `https://keys.example.com`. */
  publicUrl: string | undefined;
  /** Whether browsers use https. */
  secure: boolean;
  trustProxy: TrustProxy;
  /** Events that are older are deleted; 0: no event is. */
  eventRetentionDays: number;
  /** The first signs session cookies, all verify them. */
  sessionSecrets: string[];
  /** The first encrypts the secrets of two-factor authentication, all decrypt them; may be empty. */
  encryptionKeys: string[];
  /** Whether users have to set up two-factor authentication before anything else. */
  requireTwoFactor: boolean;
  firstUser: {
    username: string;
    password: string | undefined;
    /** The names of the variables that were set for the first user. */
    settings: string[];
  };
}

/** Everything that is wrong with the configuration, one sentence each. */
export class ConfigError extends OperatorError {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(`The configuration can't be used:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
    this.problems = problems;
  }
}

type Environment = Record<string, string | undefined>;

/**
 * Reads the whole configuration; README.md has the table. Without DATABASE_URL the session secret
 * and the encryption key are created in the data folder at the first call.
 *
 * @throws {ConfigError} with every problem at once.
 * @throws {FolderUnusable} when the data folder can't be used.
 */
export function loadConfig(env: Environment): Config {
  const problems: string[] = [];
  const read = (name: string) => readValue(env, name, problems);

  const folder = dataFolder(env);
  const url = read('DATABASE_URL');
  const publicUrl = parsePublicUrl(env.PUBLIC_URL, problems);
  const secure = publicUrl?.startsWith('https:') ?? false;
  const trustProxy = parseTrustProxy(env.TRUST_PROXY, problems);
  if (secure && trustProxy === false) {
    problems.push(
      'PUBLIC_URL is https, so TRUST_PROXY has to say which proxy ends TLS; ' +
        'without it no browser would get a session cookie.',
    );
  }
  const config = {
    host: env.HOST || '127.0.0.1',
    port: parseWholeNumber(env, 'PORT', MAX_PORT, problems) ?? 3000,
    metricsPort: parseWholeNumber(env, 'METRICS_PORT', MAX_PORT, problems),
    database: parseDatabase(url, env.DATABASE_POOLER, folder, problems),
    standby: parseStandby(read('CHECKS_DATABASE_URL'), env.CHECKS_FALLBACK, url, problems),
    publicUrl,
    secure,
    trustProxy,
    eventRetentionDays:
      parseWholeNumber(env, 'EVENT_RETENTION_DAYS', MAX_DAYS, problems) ??
      DEFAULT_EVENT_RETENTION_DAYS,
    sessionSecrets: parseSecrets('SESSION_SECRET', read('SESSION_SECRET'), problems),
    encryptionKeys: parseSecrets('ENCRYPTION_KEY', read('ENCRYPTION_KEY'), problems),
    requireTwoFactor: parseBoolean(env, 'REQUIRE_TWO_FACTOR', problems),
    firstUser: parseFirstUser(env.FIRST_USERNAME || undefined, read('FIRST_PASSWORD'), problems),
  };
  if (config.port !== 0 && config.port === config.metricsPort) {
    problems.push('METRICS_PORT must not be the same as PORT.');
  }
  if (url !== undefined && config.sessionSecrets.length === 0) {
    problems.push('SESSION_SECRET is required with DATABASE_URL: all instances have to share it.');
  }
  if (url !== undefined && config.requireTwoFactor && config.encryptionKeys.length === 0) {
    problems.push(
      'REQUIRE_TWO_FACTOR needs ENCRYPTION_KEY: without it, no user could set up two-factor ' +
        'authentication, so no user could log in.',
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  if (url === undefined) {
    if (config.sessionSecrets.length === 0) {
      config.sessionSecrets = [keptSecret(folder, 'session-secret')];
    }
    if (config.encryptionKeys.length === 0) {
      config.encryptionKeys = [keptSecret(folder, 'encryption-key')];
    }
  }
  return config;
}

/**
 * The part of the configuration that every command of server/cli needs.
 *
 * @throws {ConfigError}
 */
export function loadDatabaseLocation(env: Environment): DatabaseLocation {
  const problems: string[] = [];
  const url = readValue(env, 'DATABASE_URL', problems);
  const location = parseDatabase(url, env.DATABASE_POOLER, dataFolder(env), problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return location;
}

/**
 * The encryption keys, for the commands that need them; as in `loadConfig`.
 *
 * @throws {ConfigError}
 * @throws {FolderUnusable}
 */
export function loadEncryptionKeys(env: Environment): string[] {
  const problems: string[] = [];
  const keys = parseSecrets('ENCRYPTION_KEY', readValue(env, 'ENCRYPTION_KEY', problems), problems);
  const url = readValue(env, 'DATABASE_URL', problems);
  if (problems.length > 0) throw new ConfigError(problems);
  if (keys.length > 0 || url !== undefined) return keys;
  return [keptSecret(dataFolder(env), 'encryption-key')];
}

function dataFolder(env: Environment): string {
  return env.DATA_DIR || '.data';
}

/** A value, or the content of the file that NAME_FILE names. An empty value counts as not set. */
function readValue(env: Environment, name: string, problems: string[]): string | undefined {
  const file = env[`${name}_FILE`];
  if (!file) return env[name] || undefined;
  if (env[name]) problems.push(`${name} and ${name}_FILE are both set; keep one.`);
  try {
    const value = readFileSync(file, 'utf8').trim();
    // Without the secret that the file should have, the app would start on another database, for example.
    if (value === '') problems.push(`${name}_FILE names ${file}, which is empty.`);
    return value || undefined;
  } catch {
    problems.push(`${name}_FILE names ${file}, which can't be read.`);
    return undefined;
  }
}

function parseWholeNumber(
  env: Environment,
  name: string,
  max: number,
  problems: string[],
): number | undefined {
  const value = env[name];
  if (!value) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) <= max) return Number(value);
  problems.push(`${name} is "${value}"; it must be a whole number from 0 to ${max}.`);
  return undefined;
}

function parseBoolean(env: Environment, name: string, problems: string[]): boolean {
  const value = env[name];
  if (!value || value === 'false') return false;
  if (value !== 'true') problems.push(`${name} is "${value}"; it must be true or false.`);
  return true;
}

function parseDatabase(
  url: string | undefined,
  pooler: string | undefined,
  folder: string,
  problems: string[],
): DatabaseLocation {
  if (pooler && pooler !== 'transaction') {
    problems.push(`DATABASE_POOLER is "${pooler}"; it can only be "transaction".`);
  }
  if (url === undefined) {
    if (pooler) problems.push('DATABASE_POOLER needs DATABASE_URL, which is not set.');
    return { folder };
  }
  const problem = databaseUrlProblem(url);
  if (problem) problems.push(problem);
  return pooler ? { url, pooler: 'transaction' } : { url };
}

function parseStandby(
  url: string | undefined,
  fallback: string | undefined,
  primary: string | undefined,
  problems: string[],
): StandbyLocation | undefined {
  if (fallback && fallback !== 'primary') {
    problems.push(`CHECKS_FALLBACK is "${fallback}"; it can only be "primary".`);
  }
  if (url === undefined) {
    if (fallback) problems.push('CHECKS_FALLBACK needs CHECKS_DATABASE_URL, which is not set.');
    return undefined;
  }
  if (primary === undefined) {
    problems.push('CHECKS_DATABASE_URL names a standby of DATABASE_URL, which is not set.');
  }
  const problem = standbyUrlProblem(url);
  if (problem) problems.push(problem);
  return { url, otherwise: fallback ? 'primary' : 'nothing' };
}

function parsePublicUrl(value: string | undefined, problems: string[]): string | undefined {
  if (!value) return undefined;
  const url = URL.parse(value);
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  problems.push(
    `PUBLIC_URL is "${value}"; it must be a scheme and a host, such as https://keys.example.com.`,
  );
  return undefined;
}

function parseFirstUser(
  givenName: string | undefined,
  password: string | undefined,
  problems: string[],
): Config['firstUser'] {
  const username = givenName ?? 'linodedemo';
  const wrongName = usernameProblem(username);
  if (wrongName) problems.push(`FIRST_USERNAME: ${wrongName}`);
  const wrongPassword = password === undefined ? undefined : passwordProblem(password, username);
  if (wrongPassword) problems.push(`FIRST_PASSWORD: ${wrongPassword}`);
  const settings = [
    ...(givenName !== undefined ? ['FIRST_USERNAME'] : []),
    ...(password === undefined ? [] : ['FIRST_PASSWORD']),
  ];
  return { username, password, settings };
}
