import type { Json } from '../../contract/checkpointSchema.js';
import { compareNames } from './safetensors.js';

/** JSON with sorted keys and a newline at the end, so that equal values are equal bytes. */
export function canonicalJson(value: Json | object): string {
  return `${JSON.stringify(value, sortKeys, 2)}\n`;
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => compareNames(a, b)));
}
