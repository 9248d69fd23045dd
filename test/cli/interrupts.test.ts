import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { withInterrupts, type SignalSource } from '../../src/cli/interrupts.js';

class FakeProcess extends EventEmitter implements SignalSource {
  readonly die = vi.fn();
}

describe('Ctrl-C', () => {
  it('aborts at first and ends the process at the second', async () => {
    const source = new FakeProcess();
    const announce = vi.fn();
    const aborted = await withInterrupts(source, announce, (signal) => {
      source.emit('SIGINT');
      expect(source.die).not.toHaveBeenCalled();
      source.emit('SIGINT');
      return Promise.resolve(signal.aborted);
    });
    expect(aborted).toBe(true);
    expect(announce).toHaveBeenCalledTimes(1);
    expect(source.die).toHaveBeenCalledTimes(1);
  });

  it('is as before once the command is done, or has failed', async () => {
    const source = new FakeProcess();
    const failing = withInterrupts(source, vi.fn(), () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0);
  });

  it('is not the only signal: SIGTERM stops cleanly, too', async () => {
    const source = new FakeProcess();
    const body = (signal: AbortSignal): Promise<boolean> => {
      source.emit('SIGTERM');
      return Promise.resolve(signal.aborted);
    };
    expect(await withInterrupts(source, vi.fn(), body)).toBe(true);
  });
});
