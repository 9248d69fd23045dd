// Made by `npm run generate` from schemas/; never edited.
import type { Opset17 } from './opset17.js';
import type { Opset18 } from './opset18.js';
import type { Opset19 } from './opset19.js';
import type { Opset20 } from './opset20.js';
import type { Opset21 } from './opset21.js';
import type { Opset22 } from './opset22.js';
import type { Opset23 } from './opset23.js';
import type { Opset24 } from './opset24.js';
/** The builder of any opset; narrow by `b.opset` or isSince where operators differ. */
export type Opset = Opset17 | Opset18 | Opset19 | Opset20 | Opset21 | Opset22 | Opset23 | Opset24;
export type OpsetVersion = Opset['opset'];
export const opsetVersions = [17, 18, 19, 20, 21, 22, 23, 24] as const;
export interface OpsetsSince {
    17: Opset17 | Opset18 | Opset19 | Opset20 | Opset21 | Opset22 | Opset23 | Opset24;
    18: Opset18 | Opset19 | Opset20 | Opset21 | Opset22 | Opset23 | Opset24;
    19: Opset19 | Opset20 | Opset21 | Opset22 | Opset23 | Opset24;
    20: Opset20 | Opset21 | Opset22 | Opset23 | Opset24;
    21: Opset21 | Opset22 | Opset23 | Opset24;
    22: Opset22 | Opset23 | Opset24;
    23: Opset23 | Opset24;
    24: Opset24;
}

/** Whether `b` builds for `opset` or a newer one; narrows its type. */
export function isSince<N extends OpsetVersion>(b: Opset, opset: N): b is OpsetsSince[N] {
    return b.opset >= opset;
}

export type { Opset17, Opset18, Opset19, Opset20, Opset21, Opset22, Opset23, Opset24 };
export type { Microsoft, Nchwc } from './contrib.js';
