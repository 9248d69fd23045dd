/**
 * Finds the prefix of the names of a file's tensors, such as `module.` (DataParallel), `_orig_mod.`
 * (torch.compile), `model.` or several of them: the words with dots between by which most of the
 * `wanted` names are found. Empty if they are found as they are, or not at all.
 */
export function prefixOf(names: readonly string[], wanted: readonly string[]): string {
  const has = new Set(names);
  const found = (prefix: string): number => wanted.filter((name) => has.has(prefix + name)).length;
  let [best, most] = ['', found('')];
  for (const prefix of sharedPrefixes(names)) {
    const count = found(prefix);
    if (count > most) [best, most] = [prefix, count];
  }
  return best;
}

/** Beginnings up to a dot that at least half of the names share, the shortest first. */
export function sharedPrefixes(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names)
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const prefix = name.slice(0, dot + 1);
      counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
    }
  return [...counts]
    .filter(([, count]) => 2 * count >= names.length)
    .map(([prefix]) => prefix)
    .toSorted((a, b) => a.length - b.length);
}
