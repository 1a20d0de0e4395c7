import manifest from '../../package.json' with { type: 'json' };

/** The version of this program, for the footer of its pages. */
export const version = manifest.version;
