import type { Stream } from './terminal.js';

/** Styles that this program uses, after the escape character. */
const style = /^\[(?:0|1|2|22|31|32|33|34|39)m/;

/** Control characters other than a line break and a tab, and marks that turn the direction of text. */
const active = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const harmless = '\n\t';

/**
 * A stream on which names of files and classes, and texts of other programs, cannot act: control
 * characters are spelled as `\u001b`. On a terminal the styles of this program and the erasure of its
 * progress line pass.
 */
export function inertStream(stream: Stream): Stream {
  const { isTTY = false } = stream;
  return {
    isTTY,
    get columns() {
      return stream.columns;
    },
    write: (text) => stream.write(isTTY && isErasure(text) ? text : inert(text, isTTY)),
  };
}

function isErasure(text: string): boolean {
  return text === '\r\u001b[K' || /^\r *\r$/.test(text);
}

function inert(text: string, styled: boolean): string {
  return text.replace(active, (character, at: number) =>
    harmless.includes(character) ||
    (styled && character === '\u001b' && style.test(text.slice(at + 1, at + 5)))
      ? character
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
