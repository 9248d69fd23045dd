/** Parts of a file that is too large to put together in memory; a piece may be a view of a tensor. */
export interface Pieces {
  readonly parts: readonly Uint8Array[];
  /** Bytes in all. */
  readonly length: number;
}

export function piecesOf(parts: Iterable<Uint8Array>): Pieces {
  const list = [...parts];
  return { parts: list, length: list.reduce((sum, part) => sum + part.length, 0) };
}

/** A protobuf field that holds `content`: its tag and length come first. */
export function* lengthDelimited(field: number, content: Pieces): Generator<Uint8Array> {
  yield Uint8Array.from([...varint(field * 8 + 2), ...varint(content.length)]);
  yield* content.parts;
}

/** All parts behind one another, copied unless there is only one. */
export function joined({ parts, length }: Pieces): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
}
