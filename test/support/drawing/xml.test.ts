import { expect, test } from 'vitest';
import { escapeXml } from '../../../src/support/drawing/xml.js';

test('markup, quotes and characters that XML forbids are inert in XML', () => {
  expect(escapeXml('<b onclick="x">&')).toBe('&lt;b onclick=&quot;x&quot;&gt;&amp;');
  expect(escapeXml('a\u001bb\u0000\u007f\ud800c\uffff\t\n😀')).toBe('a␛b␀��c�\t\n😀');
});
