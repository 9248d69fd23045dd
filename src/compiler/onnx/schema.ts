import { opsetVersions } from '../../../generated/onnx/index.js';
import { operatorSchemas, type OperatorSchema } from '../../../generated/onnx/schemas.js';

/**
 * The IR version of a model at each opset: that of the ONNX release that brought the opset
 * (onnx/docs/Versioning.md), so that a reader that knows the opset knows the IR too.
 */
const irVersions: Readonly<Record<number, number>> = {
  17: 8,
  18: 8,
  19: 9,
  20: 9,
  21: 10,
  22: 10,
  23: 11,
  24: 12,
};

/** The IR version to write for an opset from 17 to 24. */
export function irVersionOf(opset: number): number {
  return irVersions[opset] ?? 8;
}

export function isKnownOpset(opset: number): boolean {
  return opsetVersions.some((version) => version === opset);
}

/** Versions of an operator in ascending order. */
const byName = new Map<string, OperatorSchema[]>();
for (const schema of operatorSchemas) {
  const key = `${schema.domain}:${schema.name}`;
  const versions = [...(byName.get(key) ?? []), schema];
  byName.set(
    key,
    versions.sort((a, b) => a.since - b.since),
  );
}

/** The version of an operator that is current at `opset` of its domain; it may be deprecated. */
export function findOperator(
  domain: string,
  name: string,
  opset: number,
): OperatorSchema | undefined {
  return byName.get(`${domain}:${name}`)?.findLast(({ since }) => since <= opset);
}

/** Every operator of a domain that may be used at `opset`. */
export function operatorsOf(domain: string, opset: number): OperatorSchema[] {
  const names = new Set(operatorSchemas.filter((s) => s.domain === domain).map((s) => s.name));
  return [...names].flatMap((name) => {
    const schema = findOperator(domain, name, opset);
    return schema === undefined || schema.deprecated ? [] : [schema];
  });
}
