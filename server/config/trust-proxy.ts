import { isIP } from 'node:net';

/** As Express's `trust proxy`: false, a number of hops, or addresses. */
export type TrustProxy = false | number | string[];

export function parseTrustProxy(value: string | undefined, problems: string[]): TrustProxy {
  if (!value) return false;
  if (/^\d+$/.test(value)) return Number(value) || false;
  const addresses = value.split(',').map((address) => address.trim());
  if (addresses.every(isAddressOrSubnet)) return addresses;
  problems.push(
    `TRUST_PROXY is "${value}"; it must be a number of proxies, or their addresses, comma-separated.`,
  );
  return false;
}

function isAddressOrSubnet(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
