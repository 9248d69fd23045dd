import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { onTestFinished, type TestContext } from 'vitest';
import { temporaryFolder } from './folder.js';

export function mount(...args: readonly string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
}

/** A file system of 1 MB; where this process may not mount one, the test is skipped. */
export function smallDisk(context: TestContext): string {
  const folder = temporaryFolder();
  const mounted = mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder);
  if (mounted) onTestFinished(() => void spawnSync('umount', [folder]));
  context.skip(!mounted, 'mounting a tmpfs needs root');
  return folder;
}

/** Text that does not shrink when it is compressed, always the same for a seed. */
export function noise(seed: string, length: number): string {
  let text = '';
  for (let i = 0; text.length < length; i++)
    text += createHash('sha512').update(`${seed} ${i}`).digest('base64url');
  return text.slice(0, length);
}
