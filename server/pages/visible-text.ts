/** An emoji, which may need format characters, or a character that shows nothing or turns the text. */
const EMOJI_OR_HIDDEN = /\p{RGI_Emoji}|([[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]--[\u200C\u200D]])/gv;

/**
 * A text that a person typed, with its control and format characters shown as `[U+202E]`: unseen, a
 * right-to-left override makes a label read as another one. Joiners stay, since scripts need them.
 */
export function visible(text: string): string {
  return text.replace(EMOJI_OR_HIDDEN, (match, hidden?: string) =>
    hidden === undefined ? match : `[U+${codePoint(hidden)}]`,
  );
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
