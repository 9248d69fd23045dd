export type Snapshot = ReadonlyMap<string, string>;
export function snapshot(folder: string): Snapshot;
export function differing(a: Snapshot, b: Snapshot): readonly string[];
