import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { targetNames } from '../../../src/contract/targets.js';
import type { Device } from '../../../src/runtime/devices/device.js';
import { devices, hostDevice } from '../../../src/runtime/devices/index.js';
import { limits } from '../../../src/support/limits.js';
import { bareMachine } from '../../support/bareMachine.js';
import { repositoryRoot } from '../../support/paths.js';

const text = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');

/** Onnxruntime's and PyTorch's words for memory, and a key of what doctor prints. */
const othersWords = ["location === 'cpu'", 'map_location="cpu"', "DoctorSummary['cuda']"];

const all: readonly Device[] = devices;

describe.each(all)('the device $name', (device) => {
  it('has a target and steps within the limits', () => {
    const { target, labelTarget = target, stepsPerRun } = device;
    expect(targetNames).toContain(target);
    expect(targetNames).toContain(labelTarget);
    expect(stepsPerRun).toBeGreaterThanOrEqual(1);
    expect(stepsPerRun).toBeLessThanOrEqual(limits.stepsPerRun);
  });

  it('says something whether it can be used or not', () => {
    const probed = { name: device.name, bundled: true, float16: false, log: '' };
    for (const usable of [true, false]) {
      const { what } = device.diagnose({ ...probed, usable, reason: 'it failed' }, bareMachine);
      expect(what).not.toBe('');
    }
  });

  it('keeps state on the device only if no node may run on the CPU', () => {
    expect(device.state === 'device' && !device.strict).toBe(false);
  });

  it('is in docs/devices.md and in the schemas of configs', () => {
    expect(text('docs/devices.md')).toMatch(new RegExp(`^\\| \`${device.name}\` `, 'm'));
    for (const kind of ['training', 'selftraining'])
      expect(text(`schemas/${kind}-config.schema.json`)).toContain(`"${device.name}"`);
  });
});

describe('the devices', () => {
  it('have names and ranks of their own, and one of them is the host', () => {
    const ranks = all.flatMap(({ autoRank = [] }) => autoRank);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(new Set(ranks).size).toBe(ranks.length);
    expect(all.filter(({ state }) => state === 'host')).toEqual([hostDevice]);
  });

  it('are named by themselves and by targets alone', () => {
    const own = ['runtime/devices/', 'compiler/targets/', 'contract/targets.ts'];
    const literal = new RegExp(`(['"\`])(?:${all.map(({ name }) => name).join('|')})\\1`);
    const naming = readdirSync(join(repositoryRoot, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !own.some((start) => path.startsWith(start)))
      .flatMap((path) => text(join('src', path)).split('\n'))
      .filter((line) => !/^\s*(?:\/\*|\*|\/\/)/.test(line))
      .filter((line) => literal.test(othersWords.reduce((rest, w) => rest.replace(w, ''), line)));
    expect(naming).toEqual([]);
  });
});
