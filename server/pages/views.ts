import type { Activity, ActivityFilter } from '../../db/activity.ts';
import type { KeyDetails } from '../../db/api-keys/details.ts';
import type { ExpiringKeys } from '../../db/api-keys/expiring.ts';
import type { ApiKey, KeyToRemove } from '../../db/api-keys/list.ts';
import type { Meanwhile } from '../../db/meanwhile.ts';
import type { SignedInUser } from '../../db/sessions/find.ts';
import type { SignIn } from '../../db/sessions/sign-ins.ts';
import type { FormFields, FormName } from '../forms/forms.ts';
import type { Sentence } from './key-words.ts';
import type { LifeRow } from './life-words.ts';
import type { Notice, NoticeKey, Undo } from './notices.ts';
import type { QrCode } from './qr-code.ts';
import type { BeforeRemoval } from './removal-words.ts';
import type { ZoneGroup } from './time-zone-names.ts';

/** The locals of each view; a missing one doesn't compile. The keys name files in views/. */
export interface Views {
  documentation: DocumentationView;
  home: {
    user: SignedInUser;
    keys: { active: number; paused: number };
    expiring: ExpiringKeys;
    timeZone: string;
    meanwhile: {
      happened: (Meanwhile & { text: string })[];
      newestId: number;
      /** How many days back the list goes. */
      days: number;
    };
  };
  login: {
    username: string;
    next: string;
    fallbackNotice: Notice | undefined;
  } & Problems<'/login'>;
  'login/two-factor': {
    next: string;
    /** `on` where the box is checked. */
    trust: string;
    trustDays: number;
  } & Problems<'/login/two-factor'>;
  'login/password': { username: string; next: string } & Problems<'/login/password'>;
  'login/set-up': {
    next: string;
    /** Whether a secret waits for its first code. */
    isBegun: boolean;
    /** Only in the response that creates it. */
    secret: { typed: string; qrCode: QrCode } | undefined;
  } & Problems<'/login/set-up/confirm'>;
  'login/set-up/codes': {
    next: string;
    /** Only in the response that creates them. */
    codes: string[];
  };
  profile: {
    user: SignedInUser;
    /** The chosen one, or what was sent if that was wrong. */
    timeZone: string;
    zoneGroups: readonly ZoneGroup[];
  } & Problems<'/profile'>;
  'profile/authenticate': {
    username: string;
    next: string;
    /** Says that a form was not acted upon, if one led here. */
    fallbackNotice: Notice | undefined;
    asksForCode: boolean;
  } & Problems<'/profile/authenticate'>;
  'profile/password': {
    username: string;
    timeZone: string;
    signIns: SignIn[];
    twoFactor: {
      /** How many scratch codes are left; undefined where two-factor authentication is not enabled. */
      scratchCodes: number | undefined;
      canBeEnabled: boolean;
    };
  } & Problems<'/profile/password'>;
  'profile/password/two-factor': {
    /** Only in the response that creates it. */
    secret: { typed: string; qrCode: QrCode } | undefined;
  } & Problems<'/profile/password/two-factor/confirm'>;
  'profile/password/two-factor/disable': FactorsView & { isRequired: boolean };
  'profile/password/two-factor/scratch-codes': FactorsView;
  'profile/password/two-factor/new-codes': {
    /** Only in the response that creates them. */
    codes: string[];
    isJustEnabled: boolean;
  };
  'profile/activity': ActivityView;
  'profile/api-keys': ApiKeysView;
  'profile/api-keys/key': KeyView;
  'profile/api-keys/remove': { key: KeyToRemove & BeforeRemoval } & Removal;
  'profile/api-keys/remove-selected': { keys: (ApiKey & BeforeRemoval)[] } & Removal;
  'profile/api-keys/change-selected': {
    question: string;
    explanation: string;
    button: string;
    /** What the button says while the form is being sent. */
    busy: string;
    /** The path that the form posts to. */
    action: string;
    keys: ApiKey[];
    /** The parameters of the URL of the list. */
    list: URLSearchParams;
    timeZone: string;
  };
  leaked: { typed: string } & Problems<'/leaked'>;
  error: {
    heading: string;
    explanation: string;
    /** What to do next, where there is something to do. */
    advice: string | undefined;
    requestId: string | undefined;
  };
}

interface Removal {
  /** Whether the box for leaked keys is checked. */
  leaked: boolean;
  /** The parameters of the URL of the list. */
  list: URLSearchParams;
  timeZone: string;
}

interface Problems<Name extends FormName> {
  /** What is wrong, by field. In the place for messages each is a link to its field. */
  problems: Partial<FormFields<Name>>;
}

/** A form that asks for the password and a code. */
type FactorsView = { username: string } & Problems<'/profile/password/two-factor/disable'>;

type ActivityInWords = Activity & { what: string };

interface ActivityView {
  timeZone: string;
  /** Newest first. */
  activity: ActivityInWords[];
  /** What is chosen. */
  filter: ActivityFilter;
  /** What can be chosen. */
  keys: { id: number; label: string; prefix: string | undefined }[];
  kinds: { value: string; text: string }[];
  /** URLs; undefined where there is no such page. */
  links: {
    newest: string | undefined;
    newer: string | undefined;
    older: string | undefined;
    csv: string;
    ndjson: string;
  };
}

interface ApiKeysView extends Problems<'/profile/api-keys' | '/profile/api-keys/search'> {
  /** One page of the active keys. */
  keys: ApiKey[];
  /** Their pauses and rotations in sentences, by their ids. */
  sentences: ReadonlyMap<number, Sentence[]>;
  /** What a long list has in addition: sorting, search, filters, pages, selection. */
  list: KeyList | undefined;
  /** The answer to a key that was pasted into the search; also as the notice of the page. */
  found: Notice | undefined;
  notice: Notice | undefined;
  /** The id of the key that was just created, and whether its row has to be marked. */
  newKeyId: number | undefined;
  isNewKeyMarked: boolean;
  /** Scheme and host of this site, as programs use them. */
  siteUrl: string;
  expiring: ExpiringKeys;
  /** Undefined if there are none. */
  ended: EndedKeysSection | undefined;
  timeZone: string;
  /** The whole of a key that was just created: in this one response, and never again. */
  newKey: string | undefined;
  /** The form, as typed. */
  form: FormFields<'/profile/api-keys'>;
  /** The keys that a notice is about. */
  noticeKeys: NoticeKey[];
  undo: Undo | undefined;
  /** Keys that were reported as leaked lately. */
  leakReports: { id: number; label: string; prefix: string; when: string; wasRemoved: boolean }[];
  /** The user's newest events. */
  activity: ActivityInWords[];
  lifetimes: readonly { value: string; text: string }[];
}

interface KeyView {
  key: KeyDetails;
  /** The label, or else the prefix. */
  name: string;
  timeZone: string;
  state: string[];
  /** How many of its addresses are kept, for how long, and how accurate their times are. */
  addressRules: { max: number; days: number; minutes: number };
  /** The keys that it replaces or that replace it, in sentences. */
  rotation: Sentence[];
  /** What its first use starts. */
  start: string | undefined;
  noteLength: number;
  /** Undefined where the key can't be edited. */
  edit: { form: FormFields<'/profile/api-keys/:id'>; choices: Choice[] } | undefined;
  /** Undefined where the key can't be rotated. */
  rotate:
    | {
        form: FormFields<'/profile/api-keys/:id/rotate'>;
        choices: Choice[];
        overlaps: readonly Choice[];
        /** Whether a rotation removes this key, which was not used, and creates another one in its place. */
        isUnusedSuccessor: boolean;
        /** The prefix of the unused new key that a rotation removes; undefined if there is none. */
        unusedSuccessor: string | undefined;
      }
    | undefined;
  /** Why the key can't be rotated, and what to do instead. */
  refusedRotation: Notice | undefined;
  /** How many minutes the short pause takes. */
  pauseMinutes: number;
  activity: ActivityInWords[];
  /** The whole of the key, if it was just created: in this one response, and never again. */
  newKey: string | undefined;
  newKeyId: number;
  /** Scheme and host of this site, as programs use them. */
  siteUrl: string;
  /** What happens to the key that the new one replaces. */
  newKeyNote: string | undefined;
  notice: Notice | undefined;
  problems: Partial<
    FormFields<'/profile/api-keys/:id'> & FormFields<'/profile/api-keys/:id/rotate'>
  >;
}

interface Choice {
  value: string;
  text: string;
}

interface KeyList {
  /** Links in the headers; `order` is the present order, if the list is sorted by this column. */
  sorts: Record<'label' | 'created' | 'expires', { url: string; order: string | undefined }>;
  filters: { text: string; count: string; url: string; isCurrent: boolean }[];
  search: string;
  /** The parameters of the list's URL. */
  query: URLSearchParams;
  /** The URL of the whole list … */
  all: string;
  /** … and of its other pages, if there are any. */
  first: string | undefined;
  previous: string | undefined;
  next: string | undefined;
  last: string | undefined;
}

/** The user's expired and removed keys, in words; those that are still being tried come first. */
export interface EndedKeysSection {
  keys: {
    id: number;
    label: string;
    prefix: string;
    endedAt: Date;
    /** Until when its removal can be undone; null if it can't. */
    undoableUntil: Date | null;
    end: string;
    lateUse: string;
  }[];
  /** How many there are: `31`, `more than 1,000`. */
  total: string;
  /** Whether there are more than shown. */
  isPart: boolean;
  /** How many are still being tried. */
  stillTried: number;
  /** For how many days they are listed after their end. */
  days: number;
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
  /** For how many days a key is recognized after its end. */
  endedKeyDays: number;
  /** What can be done with a key, and when. */
  life: LifeRow[];
  /** The configuration of an nginx that checks keys. */
  gatewayFile: string;
}
