import { listSecretsOfOtherKeys, replaceSecret } from '../../../db/two-factor.ts';
import { createEncryption } from '../../auth/two-factor/encryption.ts';
import { loadEncryptionKeys } from '../../config/config.ts';
import { CommandError, type UserCommand } from '../command.ts';

export const reEncrypt: UserCommand = {
  usage: 're-encrypt',
  help: 'encrypt two-factor secrets with the first ENCRYPTION_KEY',
  async run(db, _given, { env }) {
    const encryption = createEncryption(loadEncryptionKeys(env));
    if (!encryption) throw new CommandError('ENCRYPTION_KEY is not set.');
    let reEncrypted = 0;
    for (const { userId, secret } of await listSecretsOfOtherKeys(db, encryption.keyId)) {
      const decrypted = encryption.decrypt(userId, secret);
      if (!decrypted) continue;
      const isReplaced = await replaceSecret(
        db,
        userId,
        secret,
        encryption.encrypt(userId, decrypted),
      );
      if (isReplaced) reEncrypted++;
    }
    const left = await listSecretsOfOtherKeys(db, encryption.keyId);
    const names = left.map(({ username }) => username);
    if (names.length > 0) {
      throw new CommandError(
        `Re-encrypted: ${reEncrypted}. Still encrypted with other keys: the secrets of ` +
          `${names.join(', ')}. Add these keys to ENCRYPTION_KEY, after the first, and run this again. ` +
          'Remove no key before.',
      );
    }
    return {
      text:
        `Re-encrypted: ${reEncrypted}. All secrets are encrypted with the first key now. The others ` +
        'can be removed as soon as this key is the first one in every instance of the app.',
      json: { reEncrypted },
    };
  },
};
