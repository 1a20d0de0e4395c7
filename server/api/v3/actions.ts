import type { Action } from './action.ts';
import { accountEstimateinvoice } from './actions/account.estimateinvoice.ts';
import { accountInfo } from './actions/account.info.ts';
import { apiSpec } from './actions/api.spec.ts';
import { availDatacenters } from './actions/avail.datacenters.ts';
import { availDistributions } from './actions/avail.distributions.ts';
import { availKernels } from './actions/avail.kernels.ts';
import { availLinodeplans } from './actions/avail.linodeplans.ts';
import { availNodebalancers } from './actions/avail.nodebalancers.ts';
import { availStackscripts } from './actions/avail.stackscripts.ts';
import { domainList } from './actions/domain.list.ts';
import { linodeList } from './actions/linode.list.ts';
import { nodebalancerList } from './actions/nodebalancer.list.ts';
import { stackscriptList } from './actions/stackscript.list.ts';
import { testEcho } from './actions/test.echo.ts';
import { userGetapikey } from './actions/user.getapikey.ts';

/** All actions of the API, in the order of the documentation. */
export const actions: readonly Action[] = [
  testEcho,
  userGetapikey,
  apiSpec,
  accountInfo,
  accountEstimateinvoice,
  linodeList,
  domainList,
  nodebalancerList,
  stackscriptList,
  availDatacenters,
  availLinodeplans,
  availDistributions,
  availKernels,
  availNodebalancers,
  availStackscripts,
];
