import { elementwise } from '../../conformance/tables/elementwise.js';
import { checkOp } from '../../support/checkOp.js';

for (const { op, cases, ...options } of elementwise) checkOp(op, cases, options);
