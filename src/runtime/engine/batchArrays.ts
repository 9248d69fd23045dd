import type { ArtifactInfo, Manifest, Role } from '../../contract/manifest.js';
import { ArtifactError, ConfigError } from '../../support/errors.js';
import { optionOf, phrase } from '../../support/phrase.js';
import { sizeOfShape } from './buffers.js';

/** The images of a step with their targets, row by row. */
export interface BatchArrays {
  /** [N,C,H,W] float32, or [N,H,W,C] uint8 if the model normalises. */
  readonly image: Float32Array | Uint8Array;
  /** [N,classes]: probabilities, one-hot for a hard label. */
  readonly target: Float32Array;
  /** [N]: weight of each image in the loss. */
  readonly weight: Float32Array;
}

/** Images to classify, and where their logits go. */
export interface InferArrays {
  readonly image: Float32Array | Uint8Array;
  /** [N,classes] */
  readonly logits: Float32Array;
}

type Allocate = (bytes: number) => ArrayBuffer | SharedArrayBuffer;

/** Arrays for `images` images of an artifact, in memory that `allocate` gives. */
export function allocateBatch(manifest: Manifest, images: number, allocate: Allocate): BatchArrays {
  const { classes } = manifest;
  return {
    image: imageArray(manifest, images, allocate),
    target: new Float32Array(allocate(images * classes * 4)),
    weight: new Float32Array(allocate(images * 4)),
  };
}

/** Arrays for `images` images to classify. */
export function allocateInfer(manifest: Manifest, images: number, allocate: Allocate): InferArrays {
  return {
    image: imageArray(manifest, images, allocate),
    logits: new Float32Array(allocate(images * manifest.classes * 4)),
  };
}

function imageArray(manifest: Manifest, images: number, allocate: Allocate) {
  const size = images * sizeOfShape(manifest.image);
  return manifest.imageFormat === 'uint8-nhwc'
    ? new Uint8Array(allocate(size))
    : new Float32Array(allocate(size * 4));
}

/** The images of one run: the manifest's batch, or `wanted` if it is dynamic. */
export function batchOf(manifest: Manifest, wanted: number | undefined): number {
  const { batch } = manifest;
  if (batch === 'dynamic') {
    if (wanted !== undefined) return wanted;
    throw new ConfigError(`${manifest.name} was compiled for a dynamic batch, and none is given`, {
      code: 'batch-missing',
      option: ['batch'],
    });
  }
  if (wanted === undefined || wanted === batch) return batch;
  throw new ConfigError(`${manifest.name} was compiled for batches of ${batch}, not ${wanted}`, {
    code: 'batch-mismatch',
    option: ['batch'],
    hint: phrase`compile it for that batch, or with ${optionOf('compileModel', 'batch', 'dynamic')}`,
  });
}

/** An input or output of a role, which the artifact must have. */
export function requireTensor(
  artifact: ArtifactInfo,
  side: 'inputs' | 'outputs',
  role: Role,
): ArtifactInfo['inputs'][number] {
  const found = artifact[side].find((info) => info.role === role);
  if (found) return found;
  throw new ArtifactError(`${artifact.file} has no ${role} among its ${side}`, {
    code: 'manifest-invalid',
    where: artifact.file,
  });
}

/** The artifact of a kind, which the manifest must have. */
export function requireArtifact(
  manifest: Manifest,
  kind: keyof Manifest['artifacts'],
): ArtifactInfo {
  const found = manifest.artifacts[kind];
  if (found) return found;
  throw new ArtifactError(`${manifest.name} was compiled without the artifact ${kind}`, {
    code: 'artifact-missing',
    where: kind,
    hint: phrase`compile it again with ${optionOf('compileModel', 'artifacts', kind)}`,
  });
}
