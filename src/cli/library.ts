/**
 * A function of the library that is loaded by its first call, so that --help and completion answer at
 * once and wrong flags are refused before anything long.
 *
 * @example const inspect = library(async () => (await import('../tools/inspect/inspect.js')).inspect);
 */
export function library<A extends readonly unknown[], R>(
  load: () => Promise<(...given: A) => R | Promise<R>>,
): (...given: A) => Promise<R> {
  return async (...given) => (await load())(...given);
}
