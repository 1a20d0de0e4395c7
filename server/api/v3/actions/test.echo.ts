import type { KeyAction } from '../action.ts';

export const testEcho: KeyAction = {
  name: 'test.echo',
  description: 'Sends back whatever was sent, names in capitals. For trying a key and a program.',
  needs: 'a key',
  takes: {},
  answer({ parameters }) {
    const echoed = [...parameters].filter(([name]) => !name.startsWith('api_'));
    return Object.fromEntries(echoed.map(([name, value]) => [name.toUpperCase(), value]));
  },
};
