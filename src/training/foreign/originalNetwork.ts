import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readModel } from '../../compiler/onnx/reader.js';
import { tapped } from '../../compiler/onnx/tapped.js';
import { writeModel } from '../../compiler/onnx/writer.js';
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import type { OnnxSource, Session } from '../../runtime/engine/executor.js';
import { onnxruntimeNode } from '../../runtime/executors/onnxruntimeNode.js';
import type { Shape } from '../../support/shape.js';
import { zeroTensor, type TensorData } from '../../support/tensor.js';
import { writeExternal } from '../build/compileModel.js';
import { externalReader } from '../labelling/onnxFiles.js';

/** A value of a graph that is asked for; its batch is symbolic. */
export interface Tap {
  readonly name: string;
  readonly shape: Shape;
}

/** An .onnx file as it was read. */
export interface OriginalFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Names of the outputs that it has itself. */
  readonly outputs: readonly string[];
  /** True if some of its weights lie in files beside it. */
  readonly hasSideFiles: boolean;
}

/** The network of a foreign file as onnxruntime runs it, asked for values between its input and its end. */
export class OriginalNetwork {
  private constructor(
    private readonly session: Session,
    private readonly input: string,
    private readonly taps: readonly Tap[],
    private readonly folder: string | undefined,
  ) {}

  /** Throws an ArtifactError if onnxruntime refuses the file. */
  static async open(
    file: OriginalFile,
    input: string,
    taps: readonly Tap[],
  ): Promise<OriginalNetwork> {
    const own = new Set(file.outputs);
    const more = taps.map(({ name }) => name).filter((name) => !own.has(name));
    const { source, folder } = sourceOf(file, tapped(file.bytes, more));
    try {
      // What fuses nodes may drop a value that is asked for only here.
      const executor = onnxruntimeNode({ graphOptimization: 'basic' });
      const session = await executor.create(source, { label: file.path });
      return new OriginalNetwork(session, input, taps, folder);
    } catch (error) {
      removeTemporary(folder);
      throw error;
    }
  }

  /** The values for a batch of images. */
  async run(images: TensorData): Promise<ReadonlyMap<string, TensorData>> {
    const [batch = 1] = images.shape;
    const fetches = Object.fromEntries(
      this.taps.map(({ name, shape }) => [name, zeroTensor('float32', sizesOf(shape, batch))]),
    );
    await this.session.run({ [this.input]: images }, fetches);
    return new Map(Object.entries(fetches));
  }

  async close(): Promise<void> {
    await this.session.release();
    removeTemporary(this.folder);
  }
}

/** A shape for a number of images. */
export function sizesOf(shape: Shape, batch: number): number[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : dim.factor * batch));
}

/** Bytes that onnxruntime reads alone; side files are found only beside a model that is a file. */
function sourceOf(
  { path, hasSideFiles }: OriginalFile,
  bytes: Uint8Array,
): { source: OnnxSource; folder?: string } {
  if (!hasSideFiles) return { source: bytes };
  const folder = mkdtempSync(join(tmpdir(), 'gradus-import-'));
  const model = readModel(bytes, { file: basename(path), external: externalReader(path) });
  const written = writeModel(model, { externalName: 'weights.data' });
  const source = join(folder, 'model.onnx');
  writeFileAtomic(source, written.parts);
  if (written.external) writeExternal(folder, written.external);
  return { source, folder };
}

function removeTemporary(folder: string | undefined): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
