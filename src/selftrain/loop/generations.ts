import { invariant } from '../../support/errors.js';
import type { TrainedNetwork } from './generation.js';
import type { KeptLabels } from './labelStages.js';
import type { NetworkOutcome, Pipeline, TrainedOne } from './pipeline.js';

/** Teacher, labels, student, and again; throws Interrupted if it was stopped. */
export async function runGenerations(pipeline: Pipeline): Promise<NetworkOutcome[]> {
  const { config, networks } = pipeline.parts;
  const trained: TrainedOne[] = [];
  const [first] = networks;
  invariant(first, 'a run without a teacher');
  let teacher = await pipeline.train(first, {});
  trained.push({ name: first.name, network: teacher });
  let before = first;
  let previous: KeptLabels | undefined;
  for (const [i, student] of config.students.entries()) {
    const own = networks[i + 1];
    invariant(own, `no network for student ${i + 1}`);
    const lessons = { teacher, of: before };
    let labels: KeptLabels | undefined;
    let network: TrainedNetwork;
    if (student.labels.onTheFly) network = await pipeline.studentOnTheFly(own, student, lessons);
    else {
      const shards = await pipeline.label(before, teacher, student);
      labels = await pipeline.filter(before, shards, student, { generation: i + 1, previous });
      network = await pipeline.student(own, student, labels, lessons);
    }
    trained.push({ name: own.name, network, labels });
    if (i === 0 && config.control) {
      const control = { ...own, name: 'control' };
      const initial = pipeline.initialOf(student, teacher);
      trained.push({
        name: 'control',
        network: await pipeline.train(control, { like: network, initial }),
      });
    }
    [teacher, before, previous] = [network, own, labels];
  }
  return pipeline.test(trained);
}
