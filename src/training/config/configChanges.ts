/** Keys that may change between a run and its resumption: a run may be made longer. */
const lengths: ReadonlySet<string> = new Set(['epochs', 'steps']);

/**
 * What a config says otherwise than the one a run began with, a line a key. `called` names what the hashes
 * under some keys are of, which are not shown: of `corrections`, `corrections.csv changed`.
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
