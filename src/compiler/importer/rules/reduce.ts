import { sampleAxis, type ImportRule, type ImportRules } from './rule.js';

/** A reduction over axes of a sample; over a whole map it is a pool. */
function reduction(layer: string, pool?: string): ImportRule {
  return (node, emit) => {
    const { shape } = node.value(0);
    const all = shape.map((_, axis) => axis).slice(1);
    const axes = (node.numbers(1, 'axes') ?? [0]).map((axis) => sampleAxis(axis, shape));
    const keepDims = node.int('keepdims', 1) === 1 ? true : undefined;
    const sorted = axes.toSorted((a, b) => a - b);
    if (pool !== undefined && shape.length === 4 && sorted.join() === '2,3')
      return emit(pool, [node.x()], { options: { keepDims } });
    const isAll = sorted.join() === all.join();
    return emit(layer, [node.x()], { options: { axes: isAll ? undefined : sorted, keepDims } });
  };
}

export const reduceRules: ImportRules = {
  ReduceMean: reduction('mean', 'globalAvgPool'),
  ReduceMax: reduction('amax', 'globalMaxPool'),
  ReduceSum: reduction('sum'),
  ReduceL2: reduction('norm'),
};
