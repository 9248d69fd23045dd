import type { UnnamedCall } from '../lift.js';
import { weightName, type LayerCall } from '../network.js';
import { modulePathOfNode, modulePathOfWeight } from './modulePath.js';

/** Gives each call its place in the network: by its weights' names, else by its node's, else by a number. */
export function nameCalls(calls: readonly UnnamedCall[]): LayerCall[] {
  const common = commonScopes(calls);
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  let latest: readonly string[] = [];
  return calls.map((call) => {
    const scope = modulePathOfNode(call.nodes.at(-1) ?? '')?.slice(common);
    if (call.weights.length === 0) return { ...call, path: scope ?? latest };
    const number = (counts.get(call.layer) ?? 0) + 1;
    counts.set(call.layer, number);
    const named = firstFree(
      call,
      [...candidates(call, scope), [`${shortName(call.layer)}${number}`]],
      taken,
    );
    for (const weight of named.weights) taken.add(weightName(named, weight));
    latest = named.path.slice(0, -1);
    return named;
  });
}

/** Paths that a call's names suggest, the most telling first. */
function candidates(
  call: UnnamedCall,
  scope: readonly string[] | undefined,
): (readonly string[])[] {
  const main = call.weights.find(({ local }) => local === 'weight' || local === '');
  const others = call.weights.filter((weight) => weight !== main);
  const fromWeights = [...(main ? [main] : []), ...others].map(({ source, local }) =>
    modulePathOfWeight(source, local),
  );
  const own = call.layer === 'parameter' ? [...(scope ?? []), 'weight'] : scope;
  const all =
    call.layer === 'parameter' && scope === undefined ? fromWeights : [...fromWeights, own];
  return all.filter((path) => path !== undefined && path.length > 0).map((path) => path ?? []);
}

function firstFree(
  call: UnnamedCall,
  paths: readonly (readonly string[])[],
  taken: ReadonlySet<string>,
): LayerCall {
  const isFree = (path: readonly string[]): boolean =>
    call.weights.every((weight) => !taken.has(weightName({ path }, weight)));
  const free = paths.find(isFree);
  if (free !== undefined) return { ...call, path: free };
  const [first = []] = paths;
  const numbered = (i: number): string[] => [...first.slice(0, -1), `${first.at(-1) ?? ''}_${i}`];
  let i = 2;
  while (!isFree(numbered(i))) i++;
  return { ...call, path: numbered(i) };
}

const shortNames: Readonly<Record<string, string>> = {
  conv2d: 'conv',
  depthwise: 'conv_dw',
  batchNorm: 'bn',
  layerNorm: 'norm',
  groupNorm: 'norm',
  linear: 'fc',
  parameter: 'param',
};

function shortName(layer: string): string {
  return shortNames[layer] ?? layer;
}

/** How many outer scopes all nodes share, as those of tf2onnx do: `StatefulPartitionedCall/model`. */
function commonScopes(calls: readonly UnnamedCall[]): number {
  const paths = calls
    .filter(({ weights }) => weights.length > 0)
    .map(({ nodes }) => modulePathOfNode(nodes.at(-1) ?? ''));
  const [first] = paths;
  if (first === undefined || paths.length < 2) return 0;
  let shared = 0;
  while (
    shared < first.length - 1 &&
    paths.every(
      (path) => path !== undefined && path.length > shared + 1 && path[shared] === first[shared],
    )
  )
    shared++;
  return shared;
}
