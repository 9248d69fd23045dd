import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gradusBin } from '../support/paths.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-augment-'));
const [large, small] = [join(folder, 'large.png'), join(folder, 'small.png')];
afterAll(() => {
  rmSync(folder, { recursive: true });
});

beforeAll(async () => {
  const background = { r: 200, g: 40, b: 90 };
  await sharp({ create: { width: 300, height: 260, channels: 3, background } }).toFile(large);
  await sharp({ create: { width: 40, height: 32, channels: 3, background } }).toFile(small);
});

function gradus(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [gradusBin, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

describe('gradus augment preview', () => {
  it('writes a sheet of three N and five M, with 224 px of a large image', async () => {
    const out = join(folder, 'sheets', 'large.png');
    const { status, stdout, stderr } = gradus('augment', 'preview', large, '--out', out, '--json');
    expect([status, stderr]).toEqual([0, '']);
    const { width, height, format } = await sharp(out).metadata();
    expect(format).toBe('png');
    expect(JSON.parse(stdout)).toMatchObject({ image: large, out, size: 224, width, height });
    // Six columns and six rows of 230 px with the gap.
    expect(width).toBe(72 + 6 * 230);
    expect(height).toBe(50 + 6 * 230);
  });

  it('shows small images at their own size, enlarged, and what is asked for', () => {
    const line = ['augment', 'preview', small, '--out', 'small-sheet.png', '--json'];
    const { stdout } = gradus(...line, '--n', '2', '--m', '9', '--samples', '1', '--seed', '7');
    expect(JSON.parse(stdout)).toMatchObject({ size: 32, height: 50 + 166 });
  });

  it('names the file that is no image, and writes nothing', () => {
    const broken = join(folder, 'broken.jpg');
    writeFileSync(broken, 'not an image');
    const { status, stderr } = gradus('augment', 'preview', broken, '--out', 'none.png');
    expect(status).toBe(4);
    expect(stderr).toContain('error DataError: the image cannot be read: the file ');
    expect(stderr).toContain('--> broken.jpg');
    expect(existsSync(join(folder, 'none.png'))).toBe(false);
  });

  it('names the bad number', () => {
    const { status, stderr } = gradus('augment', 'preview', small, '--out', 'x.png', '--m', '5,x');
    expect(status).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "error ConfigError: --m cannot be "x"
        --> --m
        hint: pass a whole number from 0 to 100
      "
    `);
  });
});

describe('gradus augment', () => {
  it('tells what there is where its command is unknown or missing', () => {
    const unknown = gradus('augment', 'perview', 'a.png');
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toMatchInlineSnapshot(`
      "error ConfigError: unknown command augment perview
        hint: did you mean augment preview? there are: gradus augment preview <image>, gradus augment corruptions <image>
      "
    `);
    const missing = gradus('augment', 'preview');
    expect(missing.status).toBe(2);
    expect(missing.stderr).toMatchInlineSnapshot(`
      "error ConfigError: gradus augment preview lacks an argument
        --> gradus augment preview
        hint: usage: gradus augment preview <image>; gradus augment preview --help lists the flags
      "
    `);
  });
});
