import { products } from '../../conformance/tables/matmul.js';
import { checkOp } from '../../support/checkOp.js';

for (const { op, cases, ...options } of products) checkOp(op, cases, options);
