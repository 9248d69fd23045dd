import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Happening, RunEvent } from '../../../src/contract/events.js';
import { listening, progressTeller, teller } from '../../../src/training/listeners/tell.js';

const message = (text: string): Happening => ({ kind: 'message', text });

/** A listener with what it has heard. */
function recorder() {
  const heard: RunEvent[] = [];
  return { heard, onEvent: (event: RunEvent) => heard.push(event) };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a teller', () => {
  it('gives each event its time and origin, for every listener in their order', () => {
    const order: string[] = [];
    const { heard, onEvent } = recorder();
    const listeners = ['a', 'b'].map((name) => () => order.push(name));
    const clock = () => 1234;
    const tell = teller(
      { onEvent, listeners, clock },
      { run: 'runs/x', network: 'teacher', step: 3 },
    );
    tell(message('hello'));
    expect(heard).toEqual([
      {
        ...{ kind: 'message', text: 'hello', time: 1234 },
        ...{ run: 'runs/x', network: 'teacher', step: 3 },
      },
    ]);
    expect(order).toEqual(['a', 'b']);
  });

  it('of a part leaves the run to the whole, whose clock counts', () => {
    const { heard, onEvent } = recorder();
    const whole = listening({ onEvent, clock: () => 5 }, { run: 'runs/x' });
    const part = teller(whole, { run: 'runs/x/teacher', network: 'teacher' });
    part(message('hello'));
    expect(heard).toMatchObject([{ run: 'runs/x', network: 'teacher', time: 5 }]);
  });

  it('goes on where a listener throws, and says so once', async () => {
    const { heard, onEvent } = recorder();
    const throwing = vi.fn(() => {
      throw new Error('full disk');
    });
    const rejecting = vi.fn(() => Promise.reject(new Error('no network')));
    const tell = teller({ listeners: [throwing, rejecting, onEvent] });
    tell(message('one'));
    await Promise.resolve();
    tell(message('two'));
    const texts = heard.map((event) => event.kind === 'message' && event.text);
    expect(texts.sort()).toEqual([
      'one',
      'two',
      'warning: an event listener failed and receives no more events: full disk',
      'warning: an event listener failed and receives no more events: no network',
    ]);
    expect(throwing).toHaveBeenCalledTimes(1);
  });

  it('warns of the last listener that fails, where nobody else could be told', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const tell = teller({
      onEvent: () => {
        throw new Error('oops');
      },
    });
    tell(message('one'));
    tell(message('two'));
    expect(warn.mock.calls).toEqual([
      ['an event listener failed and receives no more events: oops'],
    ]);
  });
});

it('tells progress in units of what is counted, with their rate', () => {
  vi.spyOn(performance, 'now').mockReturnValueOnce(1000).mockReturnValueOnce(3000);
  const { heard, onEvent } = recorder();
  progressTeller({ onEvent, clock: () => 0 }, { task: 'filter', unit: 'rows' })(50, 200);
  expect(heard).toEqual([
    { kind: 'progress', task: 'filter', done: 50, total: 200, rate: 25, unit: 'rows', time: 0 },
  ]);
});
