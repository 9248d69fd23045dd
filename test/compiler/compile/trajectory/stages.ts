import { InferenceSession } from 'onnxruntime-node';
import type { ArtifactKind } from '../../../../src/contract/artifactKinds.js';
import type { Compiled } from '../../../../src/compiler/compile/compile.js';
import type { Program } from '../../../../src/compiler/compile/program.js';
import { evaluate } from '../../../../src/compiler/interpret/evaluate.js';
import { invariant } from '../../../../src/support/errors.js';
import { runSession } from '../../../support/runOnnx.js';
import type { Stage } from './follow.js';

/** A program run by the reference interpreter. */
export function interpreted(program: Program): Stage {
  const { inputs, outputs } = program.graph;
  return {
    inputs: inputs.map(({ name, value }) => program.inputInfo(name, value)),
    outputs: outputs.map(({ name, value }) => program.outputInfo(name, value)),
    run: (feeds) => Promise.resolve(evaluate(program.graph, feeds)),
  };
}

/** An artifact run by onnxruntime. */
export async function compiled(
  { artifacts, manifest }: Compiled,
  kind: ArtifactKind,
): Promise<Stage> {
  const [artifact, info] = [artifacts[kind], manifest.artifacts[kind]];
  invariant(artifact && info, `${kind} was not compiled`);
  const session = await InferenceSession.create(artifact.onnx.bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const types = new Map(info.inputs.map(({ name, dtype }) => [name, dtype]));
  return {
    inputs: info.inputs,
    outputs: info.outputs,
    run: (feeds) =>
      runSession(
        session,
        new Map(
          [...feeds].map(([name, value]) => [name, { dtype: types.get(name) ?? 'float32', value }]),
        ),
      ),
  };
}
