import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Project, QuoteKind } from 'ts-morph';
import { writeConfigTypes } from './configTypes.js';
import { writeOpsetInterfaces } from './opsetInterfaces.js';
import { readOperators } from './operatorSchemas.js';
import { protoModule } from './protoModule.js';
import { writeSchemaTable } from './schemaTable.js';

const header = '// Made by `npm run generate` from schemas/; never edited.\n';

/** Every generated file, by its path from the root. */
export async function generate(root: URL): Promise<Map<string, string>> {
  const project = new Project({
    useInMemoryFileSystem: true,
    manipulationSettings: { quoteKind: QuoteKind.Single },
  });
  const operators = readOperators(root);
  writeOpsetInterfaces(project, operators);
  writeSchemaTable(project, operators);
  writeConfigTypes(project, root);
  const files = new Map<string, string>();
  for (const file of project.getSourceFiles())
    files.set(file.getFilePath().replace(/^\//, ''), header + file.getFullText());
  const { js, dts } = await protoModule(root);
  files.set('generated/proto/onnx.js', js);
  files.set('generated/proto/onnx.d.ts', dts);
  return files;
}

/** Paths that differ between `files` and the folder generated/ under `root`: changed, missing or left over. */
export function staleFiles(root: URL, files: ReadonlyMap<string, string>): string[] {
  const changed = [...files].filter(([path, text]) => readIfThere(new URL(path, root)) !== text);
  const left = filesOf(root).filter((path) => !files.has(path));
  return [...changed.map(([path]) => path), ...left].sort();
}

function readIfThere(url: URL): string | undefined {
  return existsSync(url) ? readFileSync(url, 'utf8') : undefined;
}

function filesOf(root: URL): string[] {
  const folder = new URL('generated/', root);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(fileURLToPath(root), `${entry.parentPath}/${entry.name}`));
}

function write(root: URL, files: ReadonlyMap<string, string>): void {
  for (const path of staleFiles(root, files)) {
    const text = files.get(path);
    const url = new URL(path, root);
    if (text === undefined) rmSync(url);
    else {
      mkdirSync(new URL('./', url), { recursive: true });
      writeFileSync(url, text);
    }
  }
}

async function main(args: readonly string[]): Promise<number> {
  const root = new URL('../../../', import.meta.url);
  const files = await generate(root);
  if (!args.includes('--check')) {
    write(root, files);
    return 0;
  }
  const stale = staleFiles(root, files);
  for (const path of stale) process.stderr.write(`stale: ${path}; run npm run generate\n`);
  return stale.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = await main(process.argv.slice(2));
