import { fileURLToPath } from 'node:url';

/** The repository's root folder, without a slash at the end. */
export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The command line as users start it. */
export const gradusBin = `${repositoryRoot}/bin/gradus.js`;
