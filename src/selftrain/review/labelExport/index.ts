/** Kinds of files that labels are written as for other programs: a file each, and a line here. */
import type { ExportTarget } from './target.js';

/** A kind of file, whose code is loaded when it is asked for. */
interface ExportTargetEntry {
  /** Its output, in a few words. */
  readonly describe: string;
  load(): Promise<ExportTarget>;
}

export const exportTargets = {
  csv: {
    describe: 'one line per label, with the columns of the Parquet files',
    load: async () => (await import('./csvTarget.js')).csvTarget,
  },
  jsonl: {
    describe: 'one JSON object per label, with probabilities by class name',
    load: async () => (await import('./jsonlTarget.js')).jsonlTarget,
  },
} as const satisfies Record<string, ExportTargetEntry>;

export type ExportTargetName = keyof typeof exportTargets;

export const exportTargetNames = ['csv', 'jsonl'] as const satisfies readonly ExportTargetName[];
