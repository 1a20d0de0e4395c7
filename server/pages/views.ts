import type { ApiKey, KeyToRemove } from '../../db/api-keys/list.ts';
import type { Activity } from '../../db/events.ts';
import type { OpenSession } from '../../db/open-sessions.ts';
import type { SignedInUser } from '../../db/sessions.ts';
import type { FormFields } from '../forms/forms.ts';
import { assetUrl } from './static-files.ts';

/** The locals of each view; a missing one doesn't compile. The keys name files in views/. */
export interface Views {
  documentation: DocumentationView;
  home: { user: SignedInUser; activeKeys: number };
  login: { username: string; next: string; notDone: boolean; problem: string | undefined };
  profile: {
    user: SignedInUser;
    /** The chosen one, or what was sent if that was wrong. */
    timeZone: string;
    timeZones: readonly string[];
    problem: string | undefined;
  };
  'profile/authenticate': {
    username: string;
    next: string;
    /** Whether the way here began with a form that was not acted upon. */
    notDone: boolean;
    problem: string | undefined;
  };
  'profile/password': {
    username: string;
    timeZone: string;
    sessions: OpenSession[];
    problems: { current?: string; new?: string; again?: string };
  };
  'profile/api-keys': ApiKeysView;
  'profile/api-keys/remove': { key: KeyToRemove; timeZone: string };
  error: {
    heading: string;
    explanation: string;
    /** What to do next, where there is something to do. */
    advice: string | undefined;
    requestId: string | undefined;
  };
}

interface ApiKeysView {
  /** The newest, oldest first. */
  keys: ApiKey[];
  /** How many there are, shown or not. */
  total: number;
  timeZone: string;
  /** The whole of a key that was just created: in this one response, and never again. */
  newKey: string | undefined;
  /** The form, as typed. */
  form: FormFields<'/profile/api-keys'>;
  /** What is wrong, by field. */
  problems: Partial<FormFields<'/profile/api-keys'>>;
  /** The user's newest events, in words. */
  activity: (Activity & { what: string })[];
  lifetimes: readonly { value: string; text: string }[];
}

interface DocumentationView {
  /** Scheme and host of this site, as programs use them. */
  url: string;
  actions: {
    name: string;
    description: string;
    needs: string;
    takes: { name: string; description: string; type: string; required?: boolean }[];
    curl: string;
  }[];
  /** Code and message. */
  errors: [string, string][];
  maxRequests: number;
  /** What `X-Auth-Reason` can say. */
  reasons: string[];
  /** The configuration of an nginx that checks keys. */
  gatewayFile: string;
}

const asHome = { styles: [assetUrl('css/home.css')] };
const withPasswords = { scripts: [assetUrl('js/show-password.js')] };

/** Style sheets and modules that only some views need. A missing file fails the start. */
export const assets: Partial<Record<keyof Views, { styles?: string[]; scripts?: string[] }>> = {
  documentation: { styles: [assetUrl('css/documentation.css')] },
  home: asHome,
  error: asHome,
  login: { styles: [assetUrl('css/login.css')], ...withPasswords },
  'profile/authenticate': withPasswords,
  'profile/password': withPasswords,
  'profile/api-keys': { scripts: [assetUrl('js/removal-dialog.js')] },
};
