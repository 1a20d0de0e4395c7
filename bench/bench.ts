/** The input of each part of the benchmarks. */
export interface Bench {
  /** The URL of a PostgreSQL server on which to create databases. */
  server: string;
  /** A temporary folder, removed at the end. */
  folder: string;
  isQuick: boolean;
  /** The commit that the part `earlier` compares with. */
  commit: string | undefined;
}
