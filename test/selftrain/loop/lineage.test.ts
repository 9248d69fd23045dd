import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Stages, type Stage } from '../../../src/selftrain/loop/lineage.js';
import { temporaryFolder } from '../../support/folder.js';

let folder: string;
let runs: string[];

beforeEach(() => {
  folder = temporaryFolder();
  runs = [];
});

/** A stage that writes `text` to a file of its name, and says how long that is. */
function stage(name: string, text: string, more: Partial<Stage<{ length: number }>> = {}) {
  return {
    name,
    inputs: { config: { text } },
    outputs: () => [`${name}.txt`],
    run: () => {
      runs.push(name);
      writeFileSync(join(folder, `${name}.txt`), text);
      return Promise.resolve({ length: text.length });
    },
    clear: () => {
      rmSync(join(folder, `${name}.txt`));
      runs.push(`clear ${name}`);
    },
    ...more,
  };
}

describe('the stages of a run', () => {
  it('are each done once, and tell their result again', async () => {
    const skipped: string[] = [];
    expect(await new Stages(folder).run(stage('a', 'one'))).toEqual({ length: 3 });
    const again = new Stages(folder, { onSkip: (name) => skipped.push(name) });
    expect(await again.run(stage('a', 'one'))).toEqual({ length: 3 });
    expect(await again.run(stage('b', 'four'))).toEqual({ length: 4 });
    expect(runs).toEqual(['a', 'b']);
    expect(skipped).toEqual(['a']);
  });

  it.each([
    ['is gone', () => rmSync(join(folder, 'a.txt'))],
    ['was changed', () => writeFileSync(join(folder, 'a.txt'), 'other')],
  ])('are done again where what they made %s', async (_, damage) => {
    await new Stages(folder).run(stage('a', 'one'));
    damage();
    await new Stages(folder).run(stage('a', 'one'));
    expect(runs).toEqual(['a', 'a']);
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('one');
  });

  it.each([
    ['a device', '../../../../../../../../../../dev/zero', /is outside the run's folder/],
    ['a file beside the run', '../other', /is outside the run's folder/],
    ['a link to a device', 'zero', /is a link out of the run's folder/],
    ['a link in a folder that it made', 'made', /is neither a file nor a folder/],
  ])('refuse a lineage that names %s', async (_, output, message) => {
    await new Stages(folder).run(stage('a', 'one'));
    symlinkSync('/dev/zero', join(folder, 'zero'));
    mkdirSync(join(folder, 'made'));
    symlinkSync('/dev/zero', join(folder, 'made', 'endless'));
    const file = join(folder, 'lineage.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"a.txt"', JSON.stringify(output)));
    await expect(new Stages(folder).run(stage('a', 'one'))).rejects.toThrow(message);
  });

  it('notice a file that is missing in a folder that they made', async () => {
    const many = stage('shards', 'x', {
      outputs: () => ['labels'],
      run: () => {
        runs.push('shards');
        mkdirSync(join(folder, 'labels'), { recursive: true });
        for (const i of [1, 2]) writeFileSync(join(folder, 'labels', `${i}`), `${i}`);
        return Promise.resolve({ length: 2 });
      },
    });
    await new Stages(folder).run(many);
    rmSync(join(folder, 'labels', '2'));
    await new Stages(folder).run(many);
    expect(runs).toEqual(['shards', 'shards']);
  });

  it('go on, without clearing, where they were interrupted', async () => {
    const stopped = stage('a', 'one', { run: () => Promise.resolve(undefined) });
    expect(await new Stages(folder).run(stopped)).toBeUndefined();
    expect(await new Stages(folder).run(stage('a', 'one'))).toEqual({ length: 3 });
    expect(runs).toEqual(['a']);
  });

  it.each(['begun', 'done'])(
    'refuse another config than the one they were %s with',
    async (state) => {
      const run = state === 'begun' ? { run: () => Promise.resolve(undefined) } : {};
      await new Stages(folder).run(stage('a', 'one', run));
      await expect(new Stages(folder).run(stage('a', 'two'))).rejects.toMatchObject({
        name: 'ConfigError',
        code: 'config-differs',
        notes: ['config.text: "one" then, "two" now'],
      });
      expect(runs).not.toContain('clear a');
    },
  );

  it('are done before though their record lacks a key that has come since, at its default', async () => {
    const since = (more: object): Partial<Stage<{ length: number }>> => ({
      inputs: { config: { text: 'one', deep: false, ...more } },
      complete: (recorded) => ({
        config: { deep: false, ...(recorded as { config: { text: string } }).config },
      }),
    });
    await new Stages(folder).run(stage('a', 'one'));
    expect(await new Stages(folder).run(stage('a', 'one', since({})))).toEqual({ length: 3 });
    expect(runs).toEqual(['a']);
    const other = new Stages(folder).run(stage('a', 'one', since({ deep: true })));
    await expect(other).rejects.toMatchObject({
      code: 'config-differs',
      notes: ['config.deep: false then, true now'],
    });
  });

  it('that are short and failed begin anew with another config', async () => {
    const short = { short: true };
    const failing = { ...short, run: () => Promise.reject(new Error('nothing is kept')) };
    await expect(new Stages(folder).run(stage('a', 'one', failing))).rejects.toThrow('nothing');
    writeFileSync(join(folder, 'a.txt'), 'half');
    expect(await new Stages(folder).run(stage('a', 'three', short))).toEqual({ length: 5 });
    expect(runs).toEqual(['clear a', 'a']);
    const again = new Stages(folder).run(stage('a', 'four', short));
    await expect(again).rejects.toMatchObject({ code: 'config-differs' });
  });

  it('are cleared and done again with another config where told to overwrite', async () => {
    await new Stages(folder).run(stage('a', 'one'));
    const stages = new Stages(folder, { overwrite: true });
    expect(await stages.run(stage('a', 'three'))).toEqual({ length: 5 });
    expect(runs).toEqual(['a', 'clear a', 'a']);
  });

  it('are listed with inputs, hashes and times in lineage.json, in their order', async () => {
    const stages = new Stages(folder);
    await stages.run(stage('teacher', 'one'));
    await stages.run(stage('student', 'two'));
    const lineage = JSON.parse(readFileSync(join(folder, 'lineage.json'), 'utf8')) as {
      stages: Record<string, { outputs: Record<string, string>; seconds: number; inputs: unknown }>;
    };
    expect(Object.keys(lineage.stages)).toEqual(['teacher', 'student']);
    expect(lineage.stages['teacher']).toMatchObject({ inputs: { config: { text: 'one' } } });
    expect(lineage.stages['teacher']?.outputs).toEqual({
      // sha256sum of the three letters.
      'teacher.txt': '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed',
    });
    expect(stages.hashOf('teacher', 'teacher.txt')).toMatch(/^7692/);
    expect(stages.seconds).toBeGreaterThan(0);
  });

  it('do not start from a damaged lineage.json', () => {
    writeFileSync(join(folder, 'lineage.json'), '{"format":"gradus-lineage"');
    expect(() => new Stages(folder)).toThrow(
      /lineage\.json is not a valid lineage: it is not JSON/,
    );
  });
});
