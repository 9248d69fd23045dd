/** protobufjs decodes a 64-bit integer to a Long, or to a number if it has no Long. */
export type Int64 = number | { toNumber(): number; toBigInt(): bigint };

/** The nearest number; integers beyond 2^53 lose their last digits. */
export function toNumber(value: Int64 | null | undefined): number {
  return typeof value === 'object' && value !== null ? value.toNumber() : (value ?? 0);
}

export function toBigInt(value: Int64): bigint {
  return typeof value === 'number' ? BigInt(value) : value.toBigInt();
}

export function utf8(bytes: Uint8Array | null | undefined): string {
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}
