import { Writable } from 'node:stream';

/** A stream for a logger, and the lines written to it so far, each a JSON text. */
export function memoryLog(onLine: (line: string) => void = () => {}) {
  const lines: string[] = [];
  const stream = new Writable({
    write(line, _encoding, done) {
      lines.push(String(line));
      onLine(String(line));
      done();
    },
  });
  return { stream, lines };
}
