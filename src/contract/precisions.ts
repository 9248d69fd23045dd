/** Element types that training may compute in. */
export const precisions = ['float32', 'float16', 'bfloat16'] as const;

/** Element type that training computes in. */
export type Precision = (typeof precisions)[number];

/** Element types that a network may label in; bfloat16 would round its scores to two digits. */
export const inferencePrecisions = ['float32', 'float16'] as const;

/** Element type that inference computes in. */
export type InferencePrecision = (typeof inferencePrecisions)[number];
