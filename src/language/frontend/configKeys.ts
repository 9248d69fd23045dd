import type * as tsMorph from 'ts-morph';
import { readFileSync } from 'node:fs';
import type { SourceLocation } from '../../support/errors.js';
import { positionOf } from './prepare.js';
import { loadTsMorph } from './tsMorph.js';

/**
 * Finds a key in a file, or, if it is not written there, the nearest one around it. A text names
 * another place that it came from.
 */
export type KeyLocator = (path: readonly PropertyKey[]) => SourceLocation | string | undefined;

type Ts = typeof tsMorph.ts;
type Expression = tsMorph.ts.Expression;

/** Finds keys of the object that a config file, TypeScript or JSON, exports; `name` is for messages. */
export function keyLocator(
  file: string,
  name: string,
): (path: readonly PropertyKey[]) => SourceLocation | undefined {
  return (path) => {
    const { ts } = loadTsMorph();
    const text = readFileSync(file, 'utf8');
    const source = file.endsWith('.json')
      ? ts.parseJsonText(file, text)
      : ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const place = findKey(ts, source, path);
    if (place === undefined) return undefined;
    const start = place.getStart(source);
    return { file: name, ...positionOf(source.text, { start, length: place.end - start }) };
  };
}

function findKey(
  ts: Ts,
  source: tsMorph.ts.SourceFile,
  path: readonly PropertyKey[],
): tsMorph.ts.Node | undefined {
  let at = exportedExpression(ts, source);
  let found: tsMorph.ts.Node | undefined;
  for (const key of path) {
    const value = at && written(ts, source, at);
    const next = value && memberOf(ts, source, value, String(key));
    if (next === undefined) break;
    found = next.name;
    at = next.value;
  }
  return found;
}

/** Expression that `export default` names; the whole of a JSON file. */
function exportedExpression(ts: Ts, source: tsMorph.ts.SourceFile): Expression | undefined {
  for (const statement of source.statements) {
    if (ts.isExportAssignment(statement)) return statement.expression;
    if (source.fileName.endsWith('.json') && ts.isExpressionStatement(statement))
      return statement.expression;
  }
  return undefined;
}

/**
 * The literal behind casts, a constant's name, or a call that takes it, such as defineTraining({})
 * and sgd({}).
 */
function written(
  ts: Ts,
  source: tsMorph.ts.SourceFile,
  expression: Expression,
  depth = 0,
): Expression | undefined {
  if (depth > 20) return undefined;
  const follow = (next: Expression | undefined) => next && written(ts, source, next, depth + 1);
  if (ts.isObjectLiteralExpression(expression) || ts.isArrayLiteralExpression(expression))
    return expression;
  if (ts.isCallExpression(expression)) return follow(expression.arguments[0]);
  if (ts.isIdentifier(expression)) return follow(constant(ts, source, expression.text));
  if (
    ts.isParenthesizedExpression(expression) ||
    ts.isAsExpression(expression) ||
    ts.isSatisfiesExpression(expression) ||
    ts.isAwaitExpression(expression)
  )
    return follow(expression.expression);
  return undefined;
}

/** Initial value of a top-level variable of the file. */
function constant(ts: Ts, source: tsMorph.ts.SourceFile, name: string): Expression | undefined {
  return source.statements
    .filter((statement) => ts.isVariableStatement(statement))
    .flatMap((statement) => [...statement.declarationList.declarations])
    .find((declaration) => ts.isIdentifier(declaration.name) && declaration.name.text === name)
    ?.initializer;
}

interface Member {
  readonly name: tsMorph.ts.Node;
  readonly value: Expression | undefined;
}

function memberOf(
  ts: Ts,
  source: tsMorph.ts.SourceFile,
  value: Expression,
  key: string,
): Member | undefined {
  if (ts.isArrayLiteralExpression(value)) {
    const element = value.elements[Number(key)];
    return element && { name: element, value: element };
  }
  if (!ts.isObjectLiteralExpression(value)) return undefined;
  // A later property overrides an earlier one, a spread too.
  for (const property of value.properties.toReversed()) {
    if (ts.isSpreadAssignment(property)) {
      const inner = written(ts, source, property.expression);
      const found = inner && memberOf(ts, source, inner, key);
      if (found) return found;
      continue;
    }
    if (nameOf(ts, property.name) !== key) continue;
    const initializer = ts.isPropertyAssignment(property) ? property.initializer : undefined;
    return {
      name: property.name,
      value: ts.isShorthandPropertyAssignment(property) ? property.name : initializer,
    };
  }
  return undefined;
}

function nameOf(ts: Ts, name: tsMorph.ts.PropertyName): string | undefined {
  return ts.isIdentifier(name) || ts.isStringLiteral(name) || ts.isNumericLiteral(name)
    ? name.text
    : undefined;
}
