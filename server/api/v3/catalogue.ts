// What Linode offered in the autumn of 2014, in the API's own words.

export const datacenters = [
  { LOCATION: 'Dallas, TX, USA', DATACENTERID: 2, ABBR: 'dallas' },
  { LOCATION: 'Fremont, CA, USA', DATACENTERID: 3, ABBR: 'fremont' },
  { LOCATION: 'Atlanta, GA, USA', DATACENTERID: 4, ABBR: 'atlanta' },
  { LOCATION: 'Newark, NJ, USA', DATACENTERID: 6, ABBR: 'newark' },
  { LOCATION: 'London, England, UK', DATACENTERID: 7, ABBR: 'london' },
  { LOCATION: 'Tokyo, JP', DATACENTERID: 8, ABBR: 'tokyo' },
];

/** How many more Linodes of a plan are available, by DATACENTERID. */
const AVAIL = { 2: 500, 3: 500, 4: 500, 6: 500, 7: 500, 8: 500 };

/** RAM in MB, DISK and XFER (a month) in GB, PRICE a month and HOURLY in US dollars. */
export const linodeplans = [
  plan({ PLANID: 1, RAM: 1024, CORES: 1, DISK: 24, XFER: 2000, PRICE: 10, HOURLY: 0.015 }),
  plan({ PLANID: 2, RAM: 2048, CORES: 2, DISK: 48, XFER: 3000, PRICE: 20, HOURLY: 0.03 }),
  plan({ PLANID: 4, RAM: 4096, CORES: 4, DISK: 96, XFER: 4000, PRICE: 40, HOURLY: 0.06 }),
  plan({ PLANID: 6, RAM: 8192, CORES: 6, DISK: 192, XFER: 8000, PRICE: 80, HOURLY: 0.12 }),
  plan({ PLANID: 7, RAM: 16384, CORES: 8, DISK: 384, XFER: 16000, PRICE: 160, HOURLY: 0.24 }),
  plan({ PLANID: 8, RAM: 32768, CORES: 12, DISK: 768, XFER: 20000, PRICE: 320, HOURLY: 0.48 }),
  plan({ PLANID: 9, RAM: 49152, CORES: 16, DISK: 1152, XFER: 20000, PRICE: 480, HOURLY: 0.72 }),
  plan({ PLANID: 10, RAM: 65536, CORES: 20, DISK: 1536, XFER: 20000, PRICE: 640, HOURLY: 0.96 }),
  plan({ PLANID: 12, RAM: 98304, CORES: 20, DISK: 1920, XFER: 20000, PRICE: 960, HOURLY: 1.44 }),
];

/** MINIMAGESIZE in MB. */
export const distributions = [
  distribution(132, 'Arch Linux 2014.10', 600, '2014-10-06 15:32:20.0'),
  distribution(60, 'CentOS 5.6', 950, '2009-08-17 00:00:00.0'),
  distribution(127, 'CentOS 6.5', 675, '2014-04-28 15:19:34.0'),
  distribution(129, 'CentOS 7', 750, '2014-07-08 10:07:21.0'),
  distribution(78, 'Debian 6', 550, '2011-02-08 16:54:31.0'),
  distribution(130, 'Debian 7', 600, '2014-09-24 13:59:32.0'),
  distribution(122, 'Fedora 20', 1536, '2013-01-27 10:00:00.0'),
  distribution(118, 'Gentoo 2013-11-26', 3072, '2013-11-26 15:20:31.0'),
  distribution(120, 'openSUSE 13.1', 1024, '2013-12-02 12:53:29.0'),
  distribution(117, 'Slackware 14.1', 875, '2013-11-25 11:11:02.0'),
  distribution(126, 'Ubuntu 12.04 LTS', 550, '2014-04-28 14:16:59.0'),
  distribution(124, 'Ubuntu 14.04 LTS', 750, '2014-04-17 15:42:07.0'),
  distribution(133, 'Ubuntu 14.10', 650, '2014-10-24 15:48:04.0'),
];

/** MONTHLY and HOURLY in US dollars. */
export const nodebalancers = [{ MONTHLY: 20, HOURLY: 0.03, CONNECTIONS: 10_000 }] as const;

export const kernels = [
  kernel(138, 'Latest 64 bit (3.16.5-x86_64-linode46)'),
  kernel(193, '3.16.5-x86_64-linode46'),
  kernel(191, '3.15.4-x86_64-linode45'),
  kernel(185, '3.14.5-x86_64-linode42'),
  kernel(137, 'Latest 32 bit (3.16.5-x86-linode65)'),
  kernel(194, '3.16.5-x86-linode65'),
  kernel(192, '3.15.4-x86-linode64'),
  kernel(186, '3.14.5-x86-linode61'),
  kernel(95, 'pv-grub-x86_64', { ISPVOPS: 0 }),
  kernel(92, 'pv-grub-x86_32', { ISPVOPS: 0 }),
  kernel(61, 'Recovery - Finnix (kernel)', { ISPVOPS: 0 }),
];

function plan<Plan extends { RAM: number }>(row: Plan) {
  return { LABEL: `Linode ${row.RAM}`, ...row, AVAIL };
}

function distribution(id: number, label: string, size: number, created: string) {
  return {
    REQUIRESPVOPSKERNEL: 1,
    DISTRIBUTIONID: id,
    IS64BIT: 1,
    LABEL: label,
    MINIMAGESIZE: size,
    CREATE_DT: created,
  };
}

/** In 2014 all kernels were for Xen. */
function kernel(id: number, label: string, { ISPVOPS } = { ISPVOPS: 1 }) {
  return { LABEL: label, ISXEN: 1, ISKVM: 0, ISPVOPS, KERNELID: id };
}
