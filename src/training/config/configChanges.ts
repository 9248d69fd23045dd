/** Keys that may change between a run and its resumption: a run may be made longer. */
const lengths: ReadonlySet<string> = new Set(['epochs', 'steps']);

/**
 * Differences between a config and the one a run began with, one line per key. `called` names the
 * data behind the hashes under some keys, which are not shown: for `corrections`, `corrections.csv
 * changed`.
 */
export function configChanges(
  before: unknown,
  now: unknown,
  called: Readonly<Record<string, string>> = {},
): string[] {
  const [old, fresh] = [leaves(before), leaves(now)];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  const lines = keys
    .filter((key) => !lengths.has(key) && old.get(key) !== fresh.get(key))
    .map((key) => {
      const name = called[key] ?? called[key.split('.')[0] ?? ''];
      const [then, today] = [old.get(key), fresh.get(key)];
      if (name === undefined) return `${key}: ${then ?? 'nothing'} then, ${today ?? 'nothing'} now`;
      return `${name} ${isNothing(then) ? 'came in' : isNothing(today) ? 'left out' : 'changed'}`;
    });
  return [...new Set(lines)];
}

function isNothing(value: string | undefined): boolean {
  return value === undefined || value === 'null';
}

/** `optimizer.momentum` -> its value as JSON. */
function leaves(config: unknown, prefix = ''): Map<string, string> {
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    return new Map([[prefix, JSON.stringify(config)]]);
  return new Map(
    Object.entries(config).flatMap(([key, value]) => [
      ...leaves(value, prefix === '' ? key : `${prefix}.${key}`),
    ]),
  );
}
