import { convs } from '../../conformance/tables/conv.js';
import { checkOp } from '../../support/checkOp.js';

for (const { op, cases, ...options } of convs) checkOp(op, cases, options);
