import type { KeyAction } from '../action.ts';

export const testEcho: KeyAction = {
  name: 'test.echo',
  description: 'Echoes your parameters, names in capitals. Useful for testing a key.',
  needs: 'a key',
  takes: {},
  answer({ parameters }) {
    const echoed = [...parameters].filter(([name]) => !name.startsWith('api_'));
    return Object.fromEntries(echoed.map(([name, value]) => [name.toUpperCase(), value]));
  },
};
