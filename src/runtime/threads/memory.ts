import { readFileSync } from 'node:fs';

/**
 * The largest resident memory that this process has had, in bytes. On Linux the kernel's own mark;
 * getrusage's is inherited from the parent that started the process, which may have been larger.
 */
export function peakRssBytes(): number {
  try {
    const [, kilobytes] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kilobytes !== undefined) return 1024 * Number(kilobytes);
  } catch {
    // No such file elsewhere than on Linux.
  }
  return 1024 * process.resourceUsage().maxRSS;
}
