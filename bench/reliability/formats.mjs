/** Files of every format that Gradus reads, whole, and how each is opened; all on what users run: dist/. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import * as gradus from '../../dist/src/index.js';
import { inspectOnnxFile } from '../../dist/src/tools/inspect/inspectOnnx.js';
import { openUnlabelledSet } from '../../dist/src/data/datasets/openSets.js';
import { loadTrainingConfig } from '../../dist/src/training/config/loadTrainingConfig.js';
import { readOnnxClassifier } from '../../dist/src/training/labelling/onnxTeacher.js';
import { recordedRunCosts } from '../../dist/src/training/build/costFile.js';
import { parseManifest } from '../../dist/src/contract/manifest.js';
import { readClassNames } from '../../dist/src/data/text/classFile.js';
import { decodeFile } from '../../dist/src/data/pixels/decode.js';
import { evaluationFraming } from '../../dist/src/data/pixels/framing.js';
import { openSetRecord } from '../../dist/src/data/memory/setRecord.js';
import { loadCheckpoint } from '../../dist/src/runtime/storage/checkpoint.js';
import { readMetrics } from '../../dist/src/runtime/storage/metrics.js';
import { ParquetFileWriter } from '../../dist/src/runtime/storage/parquet/writer.js';
import { readRunInfo } from '../../dist/src/runtime/storage/runFolder.js';
import { readSafetensors } from '../../dist/src/runtime/storage/safetensors.js';
import { readCorrections } from '../../dist/src/selftrain/labels/corrections.js';
import { readAudit } from '../../dist/src/selftrain/labels/audit.js';
import { KeptSet, keptColumns } from '../../dist/src/selftrain/choose/keptStore.js';
import { labelColumns, probabilityColumns } from '../../dist/src/selftrain/labels/labelStore.js';
import { LabelSet } from '../../dist/src/selftrain/labels/labelSet.js';
import { Stages } from '../../dist/src/selftrain/loop/lineage.js';
import { loadSelfTrainingConfig } from '../../dist/src/selftrain/loop/loadSelfTrainingConfig.js';
import { network } from '../../test/support/tinyProcessRun.mjs';

const classes = ['a', 'b', 'c', 'd'];
const model = network(gradus, { block: true });

async function drain(rows) {
  for await (const some of rows) void some;
}

/** Labels as another program may write them: no word on their origin, ids in no order. */
function writeLabelValues(path) {
  const columns = { ...labelColumns, ...probabilityColumns({ classes, topK: null }) };
  const writer = new ParquetFileWriter(path, columns, {});
  const places = Array.from({ length: 60 }, (_, i) => (i * 7) % 60);
  writer.write({
    id: places.map((i) => `büro/${i}.jpg`),
    index: Int32Array.from(places),
    label: Int32Array.from(places, (i) => i % 4),
    confidence: new Float32Array(60).fill(0.7),
    ...Object.fromEntries(
      classes.map((_, c) => [`p${c}`, Float32Array.from(places, (i) => (i % 4 === c ? 0.7 : 0.1))]),
    ),
  });
  writer.commit();
}

const images = ['png', 'jpg', 'webp', 'gif', 'tif', 'avif'];

/**
 * The formats, made of what lies in `inputs` (a run, its exports, a self-training): for each a folder of
 * whole files, the one that is damaged, what packs it afterwards, if anything, and what opens it.
 */
export async function makeFormats(inputs, place) {
  const formats = [];
  const add = (name, format) => {
    const folder = join(place, name);
    mkdirSync(folder, { recursive: true });
    format.fill(folder);
    formats.push({ ...format, name, folder, open: () => format.open(folder) });
  };
  const written = (file, content) => (folder) => writeFileSync(join(folder, file), content);
  const copied = (file, from) => (folder) => cpSync(join(inputs, from), join(folder, file));

  const pixels = Buffer.from(Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * i * 7) % 251));
  const raw = sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } });
  for (const kind of images) {
    const file = `image.${kind}`;
    const options = kind === 'jpg' ? { progressive: true } : {};
    const content = await raw
      .clone()
      .withMetadata({ orientation: 6 })
      .toFormat(kind, options)
      .toBuffer();
    const view = { crop: 'centre', cropPct: 0.875 };
    const frame = (size) => evaluationFraming(size, { width: 16, height: 16 }, view);
    add(file, {
      file,
      fill: written(file, content),
      open: (folder) => decodeFile(join(folder, file), frame),
    });
  }

  const rows = Array.from({ length: 6 }, (_, i) => [`i${i}.png`, classes[i % 4]]);
  const csv = `path,label\n${rows.map((row) => row.join(',')).join('\n')}\n`;
  const lines = rows.map(([path, label]) => `${JSON.stringify({ path, label })}\n`).join('');
  const png = await raw.clone().png().toBuffer();
  for (const [file, content, text] of [
    ['list.csv', csv, 'words'],
    ['list.jsonl', lines, 'json'],
  ])
    add(file, {
      ...{ file, text },
      fill: (folder) => {
        writeFileSync(join(folder, file), content);
        for (const [path] of rows) writeFileSync(join(folder, path), png);
      },
      open: async (folder) => {
        await openUnlabelledSet(join(folder, file));
        await gradus.openLabelledSet(join(folder, file));
      },
    });
  add('classes.txt', {
    ...{ file: 'classes.txt', text: 'words' },
    fill: written('classes.txt', classes.join('\n')),
    open: (folder) => readClassNames(join(folder, 'classes.txt')),
  });
  add('corrections.csv', {
    ...{ file: 'corrections.csv', text: 'words' },
    fill: written(
      'corrections.csv',
      'image,class,audit,teacher\nimages/1.png,a,wrong,b\nimages/2.png,,,\nimages/3.png,?,?,c\n',
    ),
    open: (folder) => readCorrections(join(folder, 'corrections.csv'), classes),
  });

  const training = {
    ...{ name: 'x', model: 'efficientnet_b0', seed: 1, batch: 8, epochs: 2, ema: 0.9 },
    data: { labelled: 'photos', test: 'more' },
    optimizer: { kind: 'adamw', learningRate: 0.01, weightDecay: 0.1 },
    schedule: { kind: 'exponential', warmup: 1, decay: 0.9 },
  };
  const selftraining = {
    ...{ name: 'y', control: true, threads: 1 },
    data: { labelled: 'a', unlabelled: 'b', test: 'c' },
    teacher: {
      model: 'efficientnet_b0',
      steps: 40,
      batch: 8,
      optimizer: { kind: 'rmspropTf', learningRate: 0.02 },
    },
    students: [{ ratio: 2, steps: 60, labels: { perClass: 40, threshold: 0.26 } }, {}],
  };
  for (const [name, content, load] of [
    ['training.json', training, loadTrainingConfig],
    ['selftraining.json', selftraining, loadSelfTrainingConfig],
  ])
    add(name, {
      ...{ file: 'config.json', text: 'json' },
      fill: written('config.json', JSON.stringify(content)),
      open: (folder) => load(join(folder, 'config.json')),
    });

  const step = join(
    'run/checkpoints',
    readdirSync(join(inputs, 'run/checkpoints')).toSorted().at(-1),
  );
  const checkpoint = (folder) => cpSync(join(inputs, step), join(folder, 'c'), { recursive: true });
  for (const [name, file, text] of [
    ['checkpoint', 'c/state.json', 'json'],
    ['checkpoint weights', 'c/state.safetensors'],
  ])
    add(name, {
      ...{ file, text, fill: checkpoint },
      open: async (folder) => {
        loadCheckpoint(join(folder, 'c'));
        await gradus.exportModel(join(folder, 'c'), {
          model,
          out: join(folder, 'out.safetensors'),
        });
      },
    });
  add('safetensors', {
    file: 'net.safetensors',
    fill: copied('net.safetensors', 'net.safetensors'),
    open: async (folder) => {
      const file = join(folder, 'net.safetensors');
      readSafetensors(file);
      await gradus.importWeights(file, { model, out: join(folder, 'out') });
    },
  });
  add('onnx', {
    file: 'net.onnx',
    fill: copied('net.onnx', 'net.onnx'),
    open: (folder) => {
      inspectOnnxFile(join(folder, 'net.onnx'));
      readOnnxClassifier(join(folder, 'net.onnx'));
    },
  });
  add('onnx session', {
    file: 'net.onnx',
    fill: copied('net.onnx', 'net.onnx'),
    open: async (folder) => {
      const options = { batch: 2, threads: 1, classNames: classes };
      const labeller = await gradus.Labeller.create(join(folder, 'net.onnx'), options);
      await labeller.close();
    },
  });
  add('manifest', {
    ...{ file: 'manifest.json', text: 'json' },
    fill: copied('manifest.json', 'run/artifacts/manifest.json'),
    open: (folder) => {
      const file = join(folder, 'manifest.json');
      parseManifest(readFileSync(file, 'utf8'), file);
    },
  });
  add('metrics', {
    ...{ file: 'metrics.jsonl', text: 'json' },
    fill: copied('metrics.jsonl', 'run/metrics.jsonl'),
    open: (folder) => drain(readMetrics(join(folder, 'metrics.jsonl'))),
  });

  const shard = readdirSync(join(inputs, 'self/teacher/labels')).filter((name) =>
    name.startsWith('shard'),
  );
  add('labels', {
    file: shard[0],
    fill: (folder) => {
      for (const name of shard)
        cpSync(join(inputs, 'self/teacher/labels', name), join(folder, name));
    },
    open: async (folder) => {
      const set = await LabelSet.open(folder);
      await drain(set.read({ ...labelColumns, ...probabilityColumns(set.origin) }));
    },
  });
  // Without our key in the footer, which a change would mostly hit: values reach the decoders and the checks.
  add('values of labels', {
    file: 'labels.parquet',
    fill: (folder) => {
      writeLabelValues(join(folder, 'labels.parquet'));
      writeFileSync(join(folder, 'classes.txt'), classes.join('\n'));
    },
    open: async (folder) => {
      const options = { classes: join(folder, 'classes.txt') };
      const set = await LabelSet.open(join(folder, 'labels.parquet'), options);
      await drain(set.read({ ...labelColumns, ...probabilityColumns(set.origin) }));
    },
  });
  add('kept labels', {
    file: 'kept.parquet',
    fill: copied('kept.parquet', 'self/teacher/labels/kept.parquet'),
    open: async (folder) => {
      const set = await KeptSet.open(join(folder, 'kept.parquet'));
      await drain(set.read(keptColumns(set.info)));
    },
  });
  add('audit', {
    file: 'audit.parquet',
    fill: copied('audit.parquet', 'self/teacher/labels/audit.parquet'),
    open: (folder) => readAudit(folder),
  });
  add('lineage', {
    ...{ file: 'lineage.json', text: 'json' },
    fill: copied('lineage.json', 'self/lineage.json'),
    open: (folder) => {
      const stages = new Stages(folder);
      return [stages.seconds, stages.hashOf('teacher/train', 'x'), stages.inputsOf('test')];
    },
  });
  add('run info', {
    ...{ file: 'run.json', text: 'json' },
    fill: copied('run.json', 'self/run.json'),
    open: (folder) => readRunInfo(folder),
  });
  add('costs', {
    ...{ file: 'costs.json', text: 'json' },
    fill: written(
      'costs.json',
      '{"machine":{"cpu":"x","block":8},"costs":{"conv":{"a":1,"b":2.5}}}',
    ),
    open: (folder) => recordedRunCosts(folder),
  });
  const record = [
    JSON.stringify({
      ...{ format: 'gradus-set', version: 1, name: 'x', identity: 'y', count: 3 },
      ...{ bytes: 30, every: 1, classes: ['a', 'b'] },
    }),
    ...['\t10\t5.5\t00ff\t0\ta.png', 'h\t10\t5\t\t1\tb\\t\\u0001.png', 'x\t10\t5\t00\t\tc.png', ''],
  ];
  add('set record', {
    ...{ file: 'set', text: 'words', pack: gzipSync },
    fill: written('set', record.join('\n')),
    open: async (folder) => {
      const record = await openSetRecord(join(folder, 'set'));
      if (record) await drain(record.rows);
    },
  });
  return formats;
}
