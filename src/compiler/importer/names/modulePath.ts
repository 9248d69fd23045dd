/**
 * Dotted names of modules out of the names of nodes and weights. torch writes a node's scope as
 * `/layer1/layer1.0/conv1/Conv`, tf2onnx as `StatefulPartitionedCall/model/block1a_expand_conv/Conv2D`.
 */

/** The parts of a module's dotted name in a node's name; undefined where the name tells none. */
export function modulePathOfNode(name: string): readonly string[] | undefined {
  const scopes = name.split('/').filter((part) => part !== '');
  if (scopes.length < 2 && !name.startsWith('/')) return undefined;
  const path: string[] = [];
  // A Sequential's children have its name before theirs: features, features.0, features.0.0.
  for (const scope of scopes.slice(0, -1)) {
    const outer = path.at(-1);
    if (outer !== undefined && scope.startsWith(`${outer}.`)) path.pop();
    path.push(scope);
  }
  return path.flatMap((scope) => scope.split('.')).map(cleaned);
}

const pytorchName = /^[A-Za-z_]\w*(\.\w+)*$/;

/** The parts of the module's name in a weight's name such as `layer1.0.bn1.weight`; of a parameter, of its own. */
export function modulePathOfWeight(source: string, local: string): readonly string[] | undefined {
  if (!pytorchName.test(source) || isNumbered(source)) return undefined;
  const parts = source.split('.');
  if (local === '') return parts;
  return parts.length > 1 && parts.at(-1) === local ? parts.slice(0, -1) : undefined;
}

/** Names that a converter counted up rather than took from the network: `onnx__Conv_193`, `Constant_12`. */
function isNumbered(source: string): boolean {
  return /^(onnx__|const_fold|Constant|constant|tensor|val|_val|t|v)\w*?_?\d+$/.test(source);
}

function cleaned(part: string): string {
  return part.replace(/\W+/g, '_').replace(/^_+(?=.)|(?<=.)_+$/g, '') || 'layer';
}
