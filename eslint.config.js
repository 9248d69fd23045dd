import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const tsFiles = ['**/*.ts', '**/*.mts'];
const jsFiles = ['**/*.js', '**/*.mjs', '**/*.cjs'];
const tests = ['test/**/*.ts', 'bench/**/*.ts'];

/** Packages that only the named rooms of src/ may import: each hides one technique from the rest. */
const fencedPackages = {
  'ts-morph': ['language/frontend', 'tools/codegen'],
  'onnxruntime-node': ['runtime/executors'],
  sharp: ['data'],
  yargs: ['cli'],
  hyparquet: ['runtime/storage'],
  'hyparquet-writer': ['runtime/storage'],
};

/** Rooms that must also run in a browser: no module of Node's and none of its globals. */
const portableRooms = JSON.parse(
  readFileSync(new URL('tsconfig.portable.json', import.meta.url), 'utf8'),
).include.flatMap((path) => /^src\/(.*)/.exec(path)?.[1] ?? []);

const otherRooms = [
  'language/frontend',
  'runtime/storage',
  'runtime/executors',
  'runtime/threads',
  'runtime/machine',
  'data',
  'training',
  'selftrain',
  'tools/measure',
  'tools/inspect',
  'tools/codegen',
  'cli',
];

const nodeGlobals = ['Buffer', 'process', 'global', 'require', '__dirname', '__filename'];

const portableHint = 'This room is portable: files and machine facts reach it as arguments.';

/** A later config replaces a rule's options whole, so each room gets all of its fences at once. */
function fences(room) {
  const portable = portableRooms.includes(room);
  const group = Object.entries(fencedPackages)
    .filter(([, allowed]) => !allowed.includes(room))
    .flatMap(([name]) => [name, `${name}/*`]);
  const patterns = [
    { group, message: 'Another room owns this package: see docs/architecture.md.' },
  ];
  if (portable)
    patterns.push({
      group: ['node:*', ...builtinModules.filter((name) => !name.startsWith('_'))],
      message: portableHint,
    });
  const rules = { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] };
  if (portable)
    rules['no-restricted-globals'] = [
      'error',
      ...nodeGlobals.map((name) => ({ name, message: portableHint })),
    ];
  return rules;
}

const mayPrint = ['cli', 'tools/codegen'];

function roomConfig(room) {
  return {
    files: [`src/${room}/**/*.ts`],
    rules: {
      ...fences(room),
      ...(mayPrint.includes(room)
        ? { 'no-console': 'off', 'no-restricted-properties': 'off' }
        : {}),
    },
  };
}

export default defineConfig(
  globalIgnores([
    'dist/',
    'generated/',
    'runs/',
    'coverage/',
    '**/node_modules/',
    'test/goldens/',
    // It declares in portable rooms what Node's types declare in the others.
    '.ci/portable.d.ts',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-else-return': ['error', { allowElseIf: false }],
    },
  },
  {
    files: jsFiles,
    rules: {
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-unreachable': 'error',
      'no-dupe-keys': 'error',
    },
  },
  {
    files: tsFiles,
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // An interface names the type that a schema gives, so that an editor shows the name.
      '@typescript-eslint/no-empty-object-type': [
        'error',
        { allowInterfaces: 'with-single-extends' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { arguments: false, attributes: false } },
      ],
      // Rule tables are objects of functions, taken out and called without their table.
      '@typescript-eslint/unbound-method': 'off',
      // An implementation of an asynchronous interface need not wait for anything.
      '@typescript-eslint/require-await': 'off',
      // A parameter used once still names a relation for the reader of a signature.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 600 }],
      'max-lines-per-function': ['warn', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'Throw; only the CLI ends the process.' },
      ],
      ...fences('.'),
    },
  },
  ...[...portableRooms, ...otherRooms].map(roomConfig),
  {
    files: tests,
    rules: {
      // Parsed JSON and expect.any() are untyped by nature; a wrong use fails the test itself.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
);
