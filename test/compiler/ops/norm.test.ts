import { norms } from '../../conformance/tables/norm.js';
import { checkOp } from '../../support/checkOp.js';

for (const { op, cases, ...options } of norms) checkOp(op, cases, options);
