import { closeSync, openSync, readSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { readError } from '../../runtime/storage/fileErrors.js';
import { SafetensorsFile } from '../../runtime/storage/safetensors.js';
import { ArtifactError } from '../../support/errors.js';
import { fromBfloat16, fromFloat16 } from '../../support/halfFloats.js';
import type { TensorData } from '../../support/tensor.js';

const pytorchExtensions: readonly string[] = ['.pth', '.pt', '.bin', '.ckpt', '.tar'];

/**
 * Opens a safetensors file of weights. Throws an ArtifactError for a file of PyTorch's own format,
 * with the way to convert it, and for one that is missing, cut short or inconsistent.
 */
export function openWeights(path: string): SafetensorsFile {
  const head = firstBytes(path);
  if (isPyTorch(head) || (pytorchExtensions.includes(extname(path)) && !isSafetensors(head)))
    throw pytorchError(path);
  if (extname(path) === '.onnx' && !isSafetensors(head))
    throw new ArtifactError(`${path} is an ONNX file, not a safetensors file of weights`, {
      code: 'weights-onnx',
      where: path,
      hint: 'use an .onnx classifier directly to label, predict and evaluate; to train its network, get the weights as safetensors',
    });
  if (new TextDecoder().decode(head).startsWith('version https'))
    throw new ArtifactError(`${path} is a pointer of Git LFS, not the file itself`, {
      code: 'weights-pointer',
      where: path,
      hint: 'get the file: git lfs pull, or download it from its page',
    });
  return SafetensorsFile.open(path);
}

function firstBytes(path: string): Uint8Array {
  const head = new Uint8Array(16);
  try {
    const file = openSync(path, 'r');
    try {
      return head.subarray(0, readSync(file, head));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw readError(error, path, 'pass a safetensors file');
  }
}

/** A zip archive (since PyTorch 1.6) or a pickle. */
function isPyTorch([a, b, c, d]: Uint8Array): boolean {
  const zip = a === 0x50 && b === 0x4b && c === 3 && d === 4;
  const pickle = a === 0x80 && b !== undefined && b >= 2 && b <= 5 && c !== 0;
  return zip || pickle;
}

/** Eight bytes of length, of which the upper ones are zero, and the header's brace. */
function isSafetensors(head: Uint8Array): boolean {
  return head[7] === 0 && head[8] === 0x7b;
}

function pytorchError(path: string): ArtifactError {
  const name = basename(path);
  const out = `${name.replace(/(\.pth)?\.\w+$/, '')}.safetensors`;
  return new ArtifactError(`${path} is a PyTorch file, which only Python can read`, {
    code: 'weights-pytorch',
    where: path,
    notes: [
      'convert it once on a machine with PyTorch (pip install safetensors):',
      '  import torch, safetensors.torch',
      `  state = torch.load(${JSON.stringify(name)}, map_location="cpu")`,
      '  state = state.get("state_dict_ema") or state.get("state_dict") or state',
      `  safetensors.torch.save_file({k: v.contiguous().clone() for k, v in state.items()}, ${JSON.stringify(out)})`,
    ],
    hint: `then import ${out}`,
  });
}

/** A floating-point tensor as float32; the same tensor where it is. */
export function asFloat32(tensor: TensorData): TensorData {
  const { dtype, shape, data } = tensor;
  const made = (values: Float32Array): TensorData => ({ dtype: 'float32', shape, data: values });
  if (data instanceof Uint16Array)
    return made(dtype === 'bfloat16' ? fromBfloat16(data) : fromFloat16(data));
  return data instanceof Float64Array ? made(Float32Array.from(data)) : tensor;
}
