import { assetUrl } from './static-files.ts';
import type { Views } from './views.ts';

const asHome = { styles: [assetUrl('css/home.css')] };
const asLogIn = { styles: [assetUrl('css/login.css')] };
const withRemovalDialog = { scripts: [assetUrl('js/removal-dialog.js')] };
const asTwoFactor = { styles: [assetUrl('css/two-factor.css')] };
const withPasswords = { scripts: [assetUrl('js/show-password.js')] };

/** Style sheets and modules that only some views need. A missing file fails the start. */
export const assets: Partial<Record<keyof Views, { styles?: string[]; scripts?: string[] }>> = {
  documentation: { styles: [assetUrl('css/documentation.css')] },
  home: asHome,
  error: asHome,
  login: { ...asLogIn, ...withPasswords },
  leaked: asLogIn,
  profile: { scripts: [assetUrl('js/time-zone.js')] },
  'login/password': { ...asLogIn, ...withPasswords },
  'login/set-up': { styles: [...asLogIn.styles, ...asTwoFactor.styles] },
  'login/set-up/codes': { styles: [...asLogIn.styles, ...asTwoFactor.styles] },
  'login/two-factor': { styles: [...asLogIn.styles, ...asTwoFactor.styles] },
  'profile/authenticate': withPasswords,
  'profile/password': {
    styles: [...asTwoFactor.styles, assetUrl('css/sign-ins.css')],
    ...withPasswords,
  },
  'profile/password/two-factor': asTwoFactor,
  'profile/password/two-factor/new-codes': asTwoFactor,
  'profile/password/two-factor/disable': withPasswords,
  'profile/password/two-factor/scratch-codes': withPasswords,
  'profile/api-keys': withRemovalDialog,
  'profile/api-keys/key': withRemovalDialog,
};
