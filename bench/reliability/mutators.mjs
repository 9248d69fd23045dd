/** Ways to damage bytes, by chance: of a file's own format where it is text, else by the byte. */

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const numbers = [
  0,
  -1,
  1,
  127,
  128,
  255,
  256,
  65_535,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  -(2 ** 31),
];
const words = [
  ...[
    '',
    '0',
    '-1',
    '1e999',
    '-0',
    '0.5',
    '1e-320',
    '4294967296',
    '9007199254740993',
    'NaN',
    'null',
  ],
  ...[
    'true',
    '[]',
    '{}',
    '""',
    '"',
    ',',
    '\n',
    '\r',
    '\0',
    '\t',
    '=1+1',
    '../../etc/passwd',
    '/dev/zero',
  ],
  ...[
    '__proto__',
    'constructor',
    '\u{feff}',
    '\u{1b}[31m',
    'é',
    '\ud800',
    '[[[[[[[[',
    '1'.repeat(400),
  ],
];
const values = [
  null,
  true,
  '',
  'x',
  0,
  -1,
  1,
  0.5,
  1e308,
  2 ** 53,
  4e8,
  [],
  {},
  [[]],
  '__proto__',
  '\0',
];

/** Gives a function that damages `bytes`, sometimes with a piece of `other`. */
export function mutator(random) {
  const below = (n) => Math.floor(random() * n);
  const pick = (list) => list[below(list.length)];

  const byBytes = [
    (bytes) => {
      const copy = Buffer.from(bytes);
      copy[below(copy.length)] ^= 1 << below(8);
      return copy;
    },
    (bytes) => {
      const copy = Buffer.from(bytes);
      copy[below(copy.length)] = pick([0, 1, 0x7f, 0x80, 0xff, below(256)]);
      return copy;
    },
    (bytes) => {
      const copy = Buffer.from(bytes);
      const width = pick([2, 4, 8]);
      if (copy.length < width) return copy;
      const at = below(copy.length - width + 1);
      const value = BigInt(pick(numbers));
      const wide = Buffer.alloc(8);
      if (random() < 0.5) wide.writeBigInt64LE(value);
      else wide.writeBigInt64BE(BigInt.asIntN(64, value << BigInt(64 - 8 * width)));
      wide.copy(copy, at, 0, width);
      return copy;
    },
    (bytes) => bytes.subarray(0, below(bytes.length)),
    (bytes) => {
      const [at, length] = [below(bytes.length), 1 + below(Math.min(64, bytes.length))];
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    },
    (bytes) => {
      const [at, from] = [below(bytes.length), below(bytes.length)];
      const piece = bytes.subarray(from, from + 1 + below(64));
      return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
    },
    (bytes, other) => {
      const [at, from] = [below(bytes.length), below(other.length)];
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from)]);
    },
  ];

  const byWords = (bytes) => {
    const pieces = bytes.toString('utf8').split(/([\s,:"[\]{}]+)/);
    const at = below(pieces.length);
    const choice = below(4);
    if (choice === 0) pieces.splice(at, 1);
    else if (choice === 1) pieces.splice(at, 0, pick(pieces));
    else pieces[at] = pick(words);
    return Buffer.from(pieces.join(''));
  };

  const byNodes = (bytes) => {
    let value;
    try {
      value = JSON.parse(bytes.toString('utf8'));
    } catch {
      return byWords(bytes);
    }
    const places = [];
    const visit = (node) => {
      if (typeof node !== 'object' || node === null) return;
      for (const key of Object.keys(node)) {
        places.push([node, key]);
        visit(node[key]);
      }
    };
    visit(value);
    if (places.length === 0) return byWords(bytes);
    const [node, key] = pick(places);
    const choice = below(4);
    if (choice === 0) delete node[key];
    else if (choice === 1)
      node[key] = structuredClone(pick(places).reduce((from, name) => from[name]));
    else if (choice === 2 && !Array.isArray(node)) node[`${key}x`] = node[key];
    else node[key] = pick(values);
    return Buffer.from(JSON.stringify(value));
  };

  return (bytes, other, text) => {
    let result = Buffer.from(bytes);
    for (let left = random() < 0.6 ? 1 : 1 + below(4); left > 0; left--) {
      if (result.length === 0) break;
      const byText = text !== undefined && random() < 0.8;
      if (byText) result = text === 'json' && random() < 0.85 ? byNodes(result) : byWords(result);
      else result = pick(byBytes)(result, other);
    }
    return result;
  };
}
