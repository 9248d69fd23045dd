/** 32-bit FNV-1a of a string's UTF-8 bytes; names a noise site. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash ^= byte;
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/** 128 bits as hex, from four differently seeded FNV-1a passes; a content fingerprint, not for security. */
export function fingerprint(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const lanes = [0x811c9dc5, 0x9e3779b9, 0x7f4a7c15, 0x94d049bb];
  return lanes
    .map((start) => {
      let hash = start;
      for (const byte of bytes) {
        hash ^= byte;
        hash = Math.imul(hash, 0x01000193);
        hash ^= hash >>> 15;
      }
      return (hash >>> 0).toString(16).padStart(8, '0');
    })
    .join('');
}
