import { losses, noise } from '../../conformance/tables/loss.js';
import { checkOp } from '../../support/checkOp.js';

for (const { op, cases, ...options } of [...losses, ...noise]) checkOp(op, cases, options);
