import { encode } from 'uqr';

/** The blank margin that the standard requires around a code, in modules. */
const QUIET_ZONE = 4;

/** A QR code as the view draws it: an SVG of `size` by `size` units, with a path of the dark modules. */
export interface QrCode {
  size: number;
  path: string;
}

/** The QR code of a text. */
export function qrCode(text: string): QrCode {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET_ZONE });
  const rows = data.map((row, y) =>
    row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')).join(''),
  );
  return { size, path: rows.join('') };
}
