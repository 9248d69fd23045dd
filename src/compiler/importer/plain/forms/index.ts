/** Newest forms by domain and operator. */
import type { Forms } from './form.js';
import { listForms } from './lists.js';
import { sumForms } from './sums.js';
import { windowForms } from './windows.js';

export const forms: Readonly<Partial<Record<string, Forms>>> = {
  '': { ...listForms, ...sumForms, ...windowForms },
};
