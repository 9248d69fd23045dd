/** Kinds of compiled graphs, and `init`, the initial weights. */
export const artifactKinds = [
  'infer',
  'forward',
  'grad',
  'update',
  'train',
  'init',
  'training-info',
] as const;

/** A kind of compiled graph. */
export type ArtifactKind = (typeof artifactKinds)[number];

/** The file of an artifact, beside its manifest. */
export function artifactFile(kind: ArtifactKind): string {
  return kind === 'init' ? 'init.safetensors' : `${kind}.onnx`;
}
