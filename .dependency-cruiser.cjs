/**
 * Who may import whom. A room (a folder `wing/room` of src/, or a wing without rooms) stands on a line and
 * imports from earlier lines; what rooms of one line may import from each other is listed by name.
 * docs/architecture.md tells why. Wings stand in the order in which they first appear.
 */
const lines = [
  ['support', 'generated'],
  ['contract'],
  ['compiler/onnx'],
  ['compiler/ir'],
  ['compiler/ops'],
  [
    'compiler/interpret',
    'compiler/autodiff',
    'compiler/optim',
    'compiler/losses',
    'compiler/trace',
  ],
  ['compiler/passes'],
  ['compiler/targets'],
  ['compiler/compile'],
  ['compiler/importer'],
  ['compiler/index.ts'],
  ['language/nn'],
  ['language/models'],
  ['language/frontend'],
  ['runtime/storage', 'runtime/devices'],
  ['runtime/engine'],
  ['runtime/executors'],
  ['runtime/threads', 'runtime/machine'],
  ['data/augment', 'data/text'],
  ['data/resample', 'data/pixels'],
  ['data/sets'],
  ['data/datasets', 'data/memory'],
  ['data/loader'],
  ['training/listeners'],
  ['training/config'],
  ['training/build'],
  ['training/record'],
  ['training/weights'],
  ['training/labelling'],
  ['training/evaluation'],
  ['training/foreign'],
  ['training/trainer'],
  ['training/run'],
  ['selftrain/labels'],
  ['selftrain/choose'],
  ['selftrain/review'],
  ['selftrain/loop'],
  ['selftrain/tasks'],
  ['selftrain/selfTrain.ts'],
  ['tools/measure', 'tools/inspect'],
  ['index.ts'],
  ['cli'],
];

/** Imports between rooms of one line; every other pair is independent. */
const neighbours = {
  generated: ['support'],
  'data/pixels': ['data/resample'],
};

const base = ['support', 'contract', 'generated'];
// Executors ask a device what it needs, so its definition stands below them; trying it (runtime/machine)
// needs sessions.
const inRuntime = [
  'runtime/storage',
  'runtime/devices',
  'runtime/engine',
  'runtime/executors',
  'runtime/threads',
];

/** Rooms that see less than all earlier lines. */
const narrowed = {
  'language/models': ['support', 'language/nn', 'compiler/trace'],
  'runtime/storage': base,
  'runtime/devices': base,
  'runtime/engine': base,
  'runtime/executors': [...base, 'runtime/storage', 'runtime/devices', 'runtime/engine'],
  'runtime/threads': [...base, ...inRuntime],
  'runtime/machine': [...base, ...inRuntime],
  'data/augment': base,
};

/** Where a room may name types of another without using its code. */
const typeOnly = { 'language/models': ['compiler/ir'], 'compiler/ops': ['generated'] };

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
    name: `line-${index + 1}-${folder.replace('.ts', '').replace('/', '-')}`,
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
  name: `types-only-${folder.replace('/', '-')}`,
  comment: `${folder} may import from ${targets.join(', ')} with "import type" only`,
  severity: 'error',
  from: { path: pathOf(folder) },
  to: { path: targets.map(pathOf), dependencyTypesNot: ['type-only'] },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that import each other have no order in which to be read or tested.',
      severity: 'error',
      from: {},
      to: { circular: true },
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
      from: { path: '^src/', pathNot: '^src/tools/codegen/' },
      to: { path: '^src/tools/codegen/' },
    },
    {
      name: 'codegen-needs-no-product',
      comment: 'Generated code must be buildable before anything that imports it.',
      severity: 'error',
      from: { path: '^src/tools/codegen/' },
      to: { path: '^src/', pathNot: ['^src/tools/codegen/', '^src/support/'] },
    },
    {
      name: 'no-room-without-a-line',
      comment: 'A new room of src/ gets a place in the table of this file.',
      severity: 'error',
      from: { path: '^src/', pathNot: [...lines.flat().map(pathOf), '^src/tools/codegen/'] },
      to: {},
    },
    {
      name: 'no-dev-dependencies',
      comment: 'What is shipped may use installed packages only.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/tools/codegen/' },
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
