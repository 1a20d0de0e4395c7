/** What a part of the benchmarks is given. */
export interface Bench {
  /** A PostgreSQL server, to make databases on. */
  server: string;
  /** To write to; gone in the end. */
  folder: string;
  isQuick: boolean;
}
