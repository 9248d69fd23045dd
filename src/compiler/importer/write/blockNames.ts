import type { Step } from './step.js';

const shortNames: Readonly<Record<string, string>> = {
  conv2d: 'conv',
  batchNorm: 'bn',
  layerNorm: 'norm',
  groupNorm: 'norm',
};

/** A name for a block by what it does, unlike those that are taken. */
export function blockName(steps: readonly Step[], taken: ReadonlySet<string>): string {
  const wanted = describe(steps);
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted}${number}`)) number++;
  return `${wanted}${number}`;
}

function describe(steps: readonly Step[]): string {
  const callees = steps.map(({ callee }) => callee);
  const calls = (pattern: RegExp): boolean => callees.some((callee) => pattern.test(callee));
  if (steps.length <= 3) return camelCase(callees.map((callee) => shortNames[callee] ?? callee));
  if (calls(/softmax/i)) return calls(/norm/i) ? 'transformerBlock' : 'attention';
  if (calls(/depthwise/i))
    return calls(/squeezeExcite|add$/) ? 'invertedResidual' : 'separableBlock';
  if (callees.includes('add')) return 'residualBlock';
  return callees.includes('concat') ? 'concatBlock' : 'block';
}

function camelCase(words: readonly string[]): string {
  return words
    .map((word, i) => (i === 0 ? word : `${word.charAt(0).toUpperCase()}${word.slice(1)}`))
    .join('');
}

/** `basic_block` of `basicBlock`: the kind of a layer. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
