import { pools } from '../../conformance/tables/pool.js';
import { checkOp } from '../../support/checkOp.js';

for (const { op, cases, ...options } of pools) checkOp(op, cases, options);
