import type { Value } from '../../compiler/ir/graph.js';
import * as ops from '../../compiler/ops/noise.js';
import { ModelError } from '../../support/errors.js';
import { currentSite } from '../../compiler/trace/callSites.js';
import { addLayer, type NameOption } from './layer.js';

export interface DropoutOptions extends NameOption {
  /** Probability that an element is dropped, in [0, 1). */
  readonly rate: number;
}

/**
 * Dropout: in training each element is zero with probability `rate`, else divided by 1 - rate; x ->
 * same. Its name selects its random numbers. Errors: a rate outside [0, 1), a name taken twice.
 * Source: JMLR 15 (2014) 1929.
 *
 * @example x = dropout(x, { rate: 0.2 })
 */
export function dropout(x: Value, { name = 'dropout', rate }: DropoutOptions): Value {
  return addLayer({ kind: 'dropout', name, inputs: [x], rate }, (trace) => {
    if (!(rate >= 0 && rate < 1))
      throw trace.error(
        'rate',
        `dropout: rate ${rate} is outside [0, 1)`,
        '`rate` is the probability that an element is dropped, for example 0.2',
      );
    const site = trace.noiseSite();
    if (!trace.noised || rate === 0 || trace.isFrozen()) return x;
    const keep = 1 - rate;
    return ops.dropout(x, trace.mask(site, 'dropout', keep, x.shape), { keep, site });
  });
}

export interface StochasticDepthOptions extends NameOption {
  /** Probability that a sample's branch survives, in (0, 1]. */
  readonly survival: number;
}

/**
 * Stochastic depth of a residual branch: in training a sample's branch is zero with probability
 * 1 - survival, else divided by survival; x [N,...] -> same. Its name, `drop_path` by default,
 * selects its random numbers. Errors: a survival outside (0, 1], a name taken twice.
 * Source: arXiv 1603.09382.
 *
 * @example x = add(shortcut, stochasticDepth(branch, { survival: 0.8 }))
 */
export function stochasticDepth(x: Value, options: StochasticDepthOptions): Value {
  const { name = 'drop_path', survival } = options;
  const call = { kind: 'stochasticDepth', name, inputs: [x], rate: 1 - survival };
  return addLayer(call, (trace) => {
    if (!(survival > 0 && survival <= 1))
      throw trace.error(
        'survival',
        `stochasticDepth: survival ${survival} is outside (0, 1]`,
        '`survival` is the probability that the branch is kept, 1 - drop rate, for example 0.8',
      );
    const site = trace.noiseSite();
    if (!trace.noised || survival === 1 || trace.isFrozen()) return x;
    const shape = x.shape.map((dim, axis) => (axis === 0 ? dim : 1));
    const mask = trace.mask(site, 'stochasticDepth', survival, shape);
    return ops.stochasticDepth(x, mask, { survival, site });
  });
}

export interface LinearDecayOptions {
  /** Number of the first block: 0, EfficientNet's (default), or 1, so that the last one gets the final survival. */
  readonly from?: 0 | 1;
}

/**
 * Survival of each of `blocks` residual branches, as EfficientNet's: block i of L is dropped with
 * probability (1 - finalSurvival) * i / L, i from 0; or from 1, as in arXiv 1603.09382, equation 4.
 * Errors: a survival outside (0, 1].
 *
 * @example for (const [i, survival] of linearDecay(4, 0.8).entries()) x = block(x, { name: `blocks.${i}`, survival });
 */
export function linearDecay(
  blocks: number,
  finalSurvival: number,
  { from = 0 }: LinearDecayOptions = {},
): number[] {
  if (!Number.isInteger(blocks) || blocks < 1 || !(finalSurvival > 0 && finalSurvival <= 1))
    throw new ModelError(
      `linearDecay: invalid schedule of ${blocks} blocks to a survival of ${finalSurvival}`,
      {
        code: 'survival',
        where: currentSite(),
        hint: 'pass a whole number of blocks and a survival in (0, 1]',
      },
    );
  return Array.from({ length: blocks }, (_, i) => 1 - ((1 - finalSurvival) * (i + from)) / blocks);
}
