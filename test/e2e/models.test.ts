import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { repositoryRoot } from '../support/paths.js';

it('the package exports gradus/models, whose models gradus compiles', () => {
  const program = `
    import { compile } from 'gradus';
    import { cifarResnet } from 'gradus/models';
    const { manifest } = compile(cifarResnet({ depth: 8, classes: 3 }), { artifacts: ['infer'] });
    console.log(manifest.name, manifest.classes, manifest.image.join('x'));
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    // A package may import itself by its name.
    { cwd: repositoryRoot, encoding: 'utf8' },
  );
  expect([stdout, stderr]).toEqual(['resnet8_cifar 3 3x32x32\n', '']);
});
