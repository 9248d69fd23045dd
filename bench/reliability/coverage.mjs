/** Which blocks of dist/ ran, told by V8's own coverage, so that inputs which reach new ones are kept. */
import { Session } from 'node:inspector';

export class Coverage {
  #session = new Session();
  #seen = new Set();

  constructor() {
    this.#session.connect();
    this.#ask('Profiler.enable');
    this.#ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Distinct blocks, each with its number of runs to the power of two. */
  get size() {
    return this.#seen.size;
  }

  /** Whether something ran since the last call that had never run so often before. */
  anew() {
    const before = this.#seen.size;
    const { result } = this.#ask('Profiler.takePreciseCoverage');
    for (const { scriptId, url, functions } of result) {
      if (!url.includes('/dist/')) continue;
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges) {
          if (count === 0) continue;
          const often = Math.floor(Math.log2(count));
          this.#seen.add(`${scriptId} ${startOffset} ${endOffset} ${often}`);
        }
    }
    return this.#seen.size > before;
  }

  /** The session of the own thread answers before `post` returns. */
  #ask(method, params) {
    let answer;
    this.#session.post(method, params, (error, result) => {
      if (error) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  }
}
