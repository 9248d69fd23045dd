const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Characters that XML 1.0 forbids: control characters, half surrogates, U+FFFE and U+FFFF. */
const forbidden = /(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

/**
 * Text as it stands in XML or HTML, in an element or in double quotes. Control characters, which no XML
 * may hold, become their visible symbols: U+001B becomes U+241B.
 */
export function escapeXml(text: string): string {
  return text
    .replace(/[&<>"]/g, (char) => entities[char] ?? char)
    .replace(forbidden, (char) => {
      const code = char.charCodeAt(0);
      return String.fromCharCode(code < 0x20 ? 0x2400 + code : 0xfffd);
    });
}
