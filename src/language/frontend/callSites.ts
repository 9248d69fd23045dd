import type * as tsMorph from 'ts-morph';
import { loadTsMorph } from './tsMorph.js';

type TS = typeof tsMorph.ts;
type Node = tsMorph.ts.Node;
type CallExpression = tsMorph.ts.CallExpression;
type SourceFile = tsMorph.ts.SourceFile;

/** A call in one file, as `CallSite` without the file's name, which depends on who asks. */
export interface FileSite {
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly args: readonly string[];
}

/** A user's file as JavaScript, in the form that jiti evaluates. */
export interface TransformedFile {
  readonly code: string;
  /** Source map of `code` as JSON; its first generated line is line `firstLine` of `code`. */
  readonly map: string;
  /** The table that the numbers in `code` index. */
  readonly sites: readonly FileSite[];
  /** Such a file can be loaded by `import` only. */
  readonly topLevelAwait: boolean;
}

export interface SyntaxProblem {
  readonly message: string;
  /** Offset in the source, and length. */
  readonly start: number;
  readonly length: number;
}

/** A file as JavaScript, as far as its syntax is right. */
export interface TransformResult {
  readonly file: TransformedFile;
  readonly problems: readonly SyntaxProblem[];
}

/** Lines of `TransformedFile.code` before the first line that its source map knows. */
export const linesBeforeCode = 1;

/** The module that instrumented code asks for its hooks: `require(hooksModule)(__filename)`. */
export const hooksModule = 'gradus:call-sites';

/** Functions that `hooksModule` gives a file. */
export interface Hooks {
  readonly enter: (index: number) => number;
  readonly leave: <T>(depth: number, value: T) => T;
  readonly url: string;
  readonly filename: string;
  readonly dirname: string;
}

const hooksName = '__gradus';
const longestArgument = 80;

/** `transformSource` of a file of the user's, or of a package, whose calls are not recorded. */
export function transformFile(source: string, path: string): TransformResult {
  return transformSource(source, path, { instrument: !/[\\/]node_modules[\\/]/.test(path) });
}

/**
 * TypeScript or ESM source as CommonJS with a source map. With `instrument`, each call `f(x)`
 * becomes `leave(enter(3), f(x))`: enter runs before the arguments, leave after the call, and
 * the value passes through. Calls in decorators, enums, `super`, `import()`, inside optional
 * chains, and around an `await` or `yield` stay as they are.
 */
export function transformSource(
  source: string,
  fileName: string,
  options: { readonly instrument: boolean },
): TransformResult {
  const { ts } = loadTsMorph();
  const sites: FileSite[] = [];
  let topLevelAwait = false;
  const rewrite: tsMorph.ts.TransformerFactory<SourceFile> = (context) => (file) => {
    topLevelAwait = hasAwait(ts, file);
    return rewriteFile(ts, context, file, options.instrument ? sites : undefined);
  };
  const result = ts.transpileModule(source, {
    // TypeScript writes .mts and .mjs as ES modules whatever `module` says; an import may be in any.
    fileName: fileName.replace(/\.[mc]([jt]s)$/, '.$1'),
    reportDiagnostics: true,
    transformers: { before: [rewrite] },
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2023,
      esModuleInterop: true,
      allowJs: true,
      removeComments: true,
      sourceMap: true,
    },
  });
  const body = result.outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, '');
  const problems = (result.diagnostics ?? []).map((diagnostic) => ({
    message: ts.flattenDiagnosticMessageText(diagnostic.messageText, ' '),
    start: diagnostic.start ?? 0,
    length: diagnostic.length ?? 1,
  }));
  const code = wrap(body, topLevelAwait);
  return { file: { code, map: result.sourceMapText ?? '', sites, topLevelAwait }, problems };
}

/**
 * TypeScript's import helpers look for themselves on `this`; ours (see `interopHelpers`) pass the
 * installation's own namespace objects on instead of copying them.
 */
function wrap(body: string, topLevelAwait: boolean): string {
  const [open, close] = topLevelAwait ? ['await (async function', ''] : ['(function', ''];
  const hooks = `require(${JSON.stringify(hooksModule)})`;
  return `${open} (${hooksName}) {\n${body}\n}${close}).call(${hooks}.helpers, ${hooks}.for(__filename));`;
}

function rewriteFile(
  ts: TS,
  context: tsMorph.ts.TransformationContext,
  file: SourceFile,
  sites: FileSite[] | undefined,
): SourceFile {
  const { factory } = context;
  const hook = (name: string) =>
    factory.createPropertyAccessExpression(factory.createIdentifier(hooksName), name);
  const visit = (node: Node): Node => {
    if (ts.isDecorator(node) || ts.isEnumDeclaration(node)) return node;
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword)
      return factory.createIdentifier(hooksName);
    const visited = ts.visitEachChild(node, visit, context);
    if (sites === undefined || !ts.isCallExpression(node) || !isRecorded(ts, node)) return visited;
    const index = sites.push(siteOf(ts, file, node)) - 1;
    const enter = factory.createCallExpression(hook('enter'), undefined, [
      factory.createNumericLiteral(index),
    ]);
    return factory.createCallExpression(hook('leave'), undefined, [
      enter,
      visited as CallExpression,
    ]);
  };
  return ts.visitEachChild(file, visit, context);
}

function isRecorded(ts: TS, node: CallExpression): boolean {
  const { expression } = node;
  if (expression.kind === ts.SyntaxKind.SuperKeyword) return false;
  if (expression.kind === ts.SyntaxKind.ImportKeyword) return false;
  // A direct eval sees the scope around it only under its own name.
  if (ts.isIdentifier(expression) && ['eval', 'require'].includes(expression.text)) return false;
  return !continuesOptionalChain(ts, node) && !hasAwait(ts, node);
}

/** True if `node` is the `a?.b()` of `a?.b().c`: the whole chain ends if `a` is undefined. */
function continuesOptionalChain(ts: TS, node: CallExpression): boolean {
  const { parent } = node as { parent: Node };
  if (!ts.isOptionalChain(node) || !ts.isOptionalChain(parent)) return false;
  return parent.expression === node;
}

/** True if the function around `node` may pause inside it, so that other calls interleave. */
function hasAwait(ts: TS, node: Node): boolean {
  if (ts.isAwaitExpression(node) || ts.isYieldExpression(node)) return true;
  if (ts.isForOfStatement(node) && node.awaitModifier !== undefined) return true;
  if (ts.isFunctionLike(node)) return false;
  return ts.forEachChild(node, (child) => hasAwait(ts, child)) ?? false;
}

function siteOf(ts: TS, file: SourceFile, node: CallExpression): FileSite {
  let start = node.getStart(file);
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line;
  // In a chain over several lines, the method's own line says more than the chain's first.
  if (ts.isPropertyAccessExpression(node.expression)) {
    const name = node.expression.name.getStart(file);
    if (lineOf(name) !== lineOf(start)) start = name;
  }
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  return {
    line: line + 1,
    column: character + 1,
    length: Math.min(node.end, endOfLine(file.text, start)) - start,
    args: node.arguments.map((argument) => shortened(argument.getText(file))),
  };
}

function endOfLine(text: string, start: number): number {
  const end = text.slice(start).search(/\r?\n/);
  return end < 0 ? text.length : start + end;
}

function shortened(text: string): string {
  return text.length <= longestArgument ? text : `${text.slice(0, longestArgument - 1)}…`;
}
