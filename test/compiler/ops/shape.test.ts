import { shapes } from '../../conformance/tables/shape.js';
import { checkOp } from '../../support/checkOp.js';

for (const { op, cases, ...options } of shapes) checkOp(op, cases, options);
