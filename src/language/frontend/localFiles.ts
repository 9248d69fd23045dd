import { existsSync, readFileSync } from 'node:fs';
import type * as tsMorph from 'ts-morph';
import { loadTsMorph } from './tsMorph.js';

/** A user's file and its text. */
export interface LocalFile {
  readonly path: string;
  readonly text: string;
}

/** Module resolution for users' imports: like bundlers, with or without an extension. */
export function resolutionOptions(): tsMorph.ts.CompilerOptions {
  const { ts } = loadTsMorph();
  return {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
    allowJs: true,
    noEmit: true,
  };
}

/** The file `root` (absolute) and all that it imports by relative or absolute path, itself first. */
export function localFiles(root: string): LocalFile[] {
  const found = new Map<string, LocalFile>();
  const queue = [root];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (found.has(path)) continue;
    const text = readFileSync(path, 'utf8');
    found.set(path, { path, text });
    if (!path.endsWith('.json')) queue.push(...importsOf(path, text));
  }
  return [...found.values()];
}

function importsOf(path: string, text: string): string[] {
  const { ts } = loadTsMorph();
  const options = resolutionOptions();
  return ts.preProcessFile(text, true, true).importedFiles.flatMap(({ fileName }) => {
    if (!/^(\.{0,2}\/|\.{1,2}$)/.test(fileName)) return [];
    const { resolvedModule } = ts.resolveModuleName(fileName, path, options, ts.sys);
    if (resolvedModule === undefined) return [];
    const target = resolvedModule.resolvedFileName;
    const code = target.replace(/\.d\.([mc]?)ts$/, '.$1js');
    return code !== target && existsSync(code) ? [target, code] : [target];
  });
}
