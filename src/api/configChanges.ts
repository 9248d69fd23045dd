/** Keys that may change between a run and its resumption: a run may be made longer. */
const lengths: ReadonlySet<string> = new Set(['epochs', 'steps']);

/** What a config says otherwise than the one a run began with, a line a key. */
export function configChanges(before: unknown, now: unknown): string[] {
  const [old, fresh] = [leaves(before), leaves(now)];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  const show = (value: string | undefined): string => value ?? 'nothing';
  return keys
    .filter((key) => !lengths.has(key) && old.get(key) !== fresh.get(key))
    .map((key) => `${key}: ${show(old.get(key))} then, ${show(fresh.get(key))} now`);
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
