/**
 * Who may import whom. A folder of src/ stands on a line and imports from earlier lines; what
 * folders of one line may import from each other is listed by name. docs/architecture.md tells why.
 */
const lines = [
  ['support', 'generated'],
  ['ir', 'artifacts'],
  ['ops'],
  ['interpret', 'autodiff', 'optim', 'nn', 'onnx'],
  ['passes', 'models'],
  ['targets'],
  ['frontend', 'compiler'],
  ['runtime', 'data', 'augment'],
  ['api'],
  ['selftrain'],
  ['cli', 'index.ts'],
];

/** Imports between folders of one line; every other pair is independent. */
const neighbours = {
  generated: ['support'],
  frontend: ['compiler'],
  data: ['runtime', 'augment'],
  cli: ['index.ts'],
};

/** Folders that see less than all earlier lines. */
const narrowed = {
  models: ['support', 'nn'],
  runtime: ['support', 'artifacts', 'generated'],
  data: ['support', 'artifacts', 'generated', 'runtime', 'augment'],
  augment: ['support', 'artifacts', 'generated'],
};

/** Where a folder may name types of another without using its code. */
const typeOnly = { models: ['ir'], ops: ['generated'] };

function allowedFor(folder, index) {
  const earlier = lines.slice(0, index).flat();
  const seen = narrowed[folder] ?? [...earlier, ...(neighbours[folder] ?? [])];
  return [folder, ...seen];
}

function pathOf(folder) {
  if (folder === 'generated') return '^generated/';
  if (folder.endsWith('.ts')) return `^src/${folder.replace('.', '[.]')}$`;
  return `^src/${folder}/`;
}

const anyOfOurs = ['^src/', '^generated/'];

const lineRules = lines.flatMap((folders, index) =>
  folders.map((folder) => ({
    name: `line-${index + 1}-${folder.replace('.ts', '')}`,
    comment: `${folder} may import: ${allowedFor(folder, index).join(', ')}`,
    severity: 'error',
    from: { path: pathOf(folder) },
    to: {
      path: anyOfOurs,
      pathNot: [...allowedFor(folder, index), ...(typeOnly[folder] ?? [])].map(pathOf),
    },
  })),
);

const typeOnlyRules = Object.entries(typeOnly).map(([folder, targets]) => ({
  name: `types-only-${folder}`,
  comment: `${folder} may import from ${targets.join(', ')} with "import type" only`,
  severity: 'error',
  from: { path: pathOf(folder) },
  to: { path: targets.map(pathOf), dependencyTypesNot: ['type-only'] },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'Modules that import each other have no order in which to be read or tested. Types of one ' +
        'folder may name each other; between folders the lines below forbid even that.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'codegen-is-not-shipped',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/codegen/' },
      to: { path: '^src/codegen/' },
    },
    {
      name: 'codegen-needs-no-product',
      comment: 'Generated code must be buildable before anything that imports it.',
      severity: 'error',
      from: { path: '^src/codegen/' },
      to: { path: '^src/', pathNot: ['^src/codegen/', '^src/support/'] },
    },
    {
      name: 'no-folder-without-a-line',
      comment: 'A new folder of src/ gets a place in the table of this file.',
      severity: 'error',
      from: { path: '^src/', pathNot: [...lines.flat().map(pathOf), '^src/codegen/'] },
      to: {},
    },
    {
      name: 'no-dev-dependencies',
      comment: 'What is shipped may use installed packages only.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/codegen/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['type-only'] },
    },
    ...lineRules,
    ...typeOnlyRules,
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
