import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../support/paths.js';

/** The package's entry points, each with the one that exports the types it does not export itself. */
const entries: Readonly<Record<string, string>> = {
  'src/index.ts': 'src/index.ts',
  'src/compiler/index.ts': 'src/compiler/index.ts',
  'src/language/models/index.ts': 'src/index.ts',
};
/** Where declarations are ours; ONNX's operators, in generated/, are not. */
const sources = [join(repositoryRoot, 'src'), join(repositoryRoot, 'generated/config.ts')];

let program: ts.Program;
let checker: ts.TypeChecker;

beforeAll(() => {
  const config = ts.readConfigFile(join(repositoryRoot, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  );
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, repositoryRoot);
  program = ts.createProgram(
    Object.keys(entries).map((entry) => join(repositoryRoot, entry)),
    { ...options, noEmit: true },
  );
  checker = program.getTypeChecker();
}, 60_000);

function exportsOf(entry: string): ts.Symbol[] {
  const file = program.getSourceFile(join(repositoryRoot, entry));
  const module = file && checker.getSymbolAtLocation(file);
  return module ? checker.getExportsOfModule(module).map(original) : [];
}

function original(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function ownDeclarations({ declarations = [] }: ts.Symbol): ts.Declaration[] {
  return declarations.filter((declaration) => {
    const { fileName } = declaration.getSourceFile();
    return sources.some((folder) => fileName.startsWith(folder));
  });
}

/** A type that an editor spells out, so that nobody needs its name: words and numbers. */
function isSpelledOut(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.every(isSpelledOut);
  return type.isLiteral() || (type.flags & ts.TypeFlags.BooleanLiteral) !== 0;
}

/** Our types that a declaration's signature names, its private members and bodies aside. */
function namedBy(declaration: ts.Declaration): Set<ts.Symbol> {
  const found = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node) || isHidden(node)) return;
    if (ts.isTypeQueryNode(node) || ts.isTypeOperatorNode(node)) {
      if (!ts.isTypeOperatorNode(node) || node.operator === ts.SyntaxKind.KeyOfKeyword) return;
    }
    if (ts.isTypeAliasDeclaration(node) && isSpelledOut(checker.getTypeAtLocation(node.name)))
      return;
    if (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)) {
      const type = node.type ?? inferred(node, checker.getTypeAtLocation(node));
      if (type) visit(type);
      return;
    }
    if (ts.isTypeReferenceNode(node)) add(node.typeName);
    if (ts.isExpressionWithTypeArguments(node)) add(node.expression);
    ts.forEachChild(node, visit);
    if (ts.isFunctionLike(node) && !node.type && !ts.isConstructorDeclaration(node)) {
      const signature = checker.getSignatureFromDeclaration(node);
      const type = signature && inferred(node, checker.getReturnTypeOfSignature(signature));
      if (type) visit(type);
    }
  };
  const add = (name: ts.Node): void => {
    // A type that the checker has inferred is spelled in nodes of its own, which know their symbols.
    const symbol = checker.getSymbolAtLocation(name) ?? (name as { symbol?: ts.Symbol }).symbol;
    if (!symbol) return;
    const type = original(symbol);
    const isType = (type.flags & ts.SymbolFlags.Type) !== 0;
    const isParameter = (type.flags & ts.SymbolFlags.TypeParameter) !== 0;
    if (isType && !isParameter && ownDeclarations(type).length > 0) found.add(type);
  };
  const inferred = (at: ts.Node, type: ts.Type): ts.TypeNode | undefined =>
    checker.typeToTypeNode(type, at, ts.NodeBuilderFlags.NoTruncation);
  visit(declaration);
  return found;
}

function isHidden(node: ts.Node): boolean {
  if (ts.isConstructorDeclaration(node) || ts.isClassElement(node)) {
    const flags = ts.getCombinedModifierFlags(node);
    if (flags & ts.ModifierFlags.Private) return true;
    return node.name !== undefined && ts.isPrivateIdentifier(node.name);
  }
  return false;
}

/** Types that signatures name, from the exports on through what these name; none is exported. */
function missingTypes(exported: readonly ts.Symbol[], reachable: ReadonlySet<ts.Symbol>): string[] {
  const missing = new Map<ts.Symbol, string>();
  const seen = new Set<ts.Symbol>();
  const queue = [...exported];
  for (let symbol; (symbol = queue.pop());) {
    if (seen.has(symbol)) continue;
    seen.add(symbol);
    for (const named of ownDeclarations(symbol).flatMap((own) => [...namedBy(own)])) {
      queue.push(named);
      if (!reachable.has(named)) missing.set(named, symbol.name);
    }
  }
  return [...missing].map(([type, from]) => `${type.name}, which ${from} names`).sort();
}

describe('the types of the public API', () => {
  for (const [entry, companion] of Object.entries(entries))
    it(`that ${entry} names are exported, so that users can write them`, () => {
      const exported = exportsOf(entry);
      expect(exported.length).toBeGreaterThan(20);
      const reachable = new Set([...exported, ...exportsOf(companion)]);
      expect(missingTypes(exported, reachable)).toEqual([]);
    });
});
