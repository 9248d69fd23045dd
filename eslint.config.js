import { builtinModules } from 'node:module';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const tsFiles = ['**/*.ts', '**/*.mts'];
const jsFiles = ['**/*.js', '**/*.mjs', '**/*.cjs'];
const tests = ['test/**/*.ts', 'bench/**/*.ts'];

/** Packages that only the named folders of src/ may import: each hides one technique from the rest. */
const fencedPackages = {
  'ts-morph': ['frontend', 'codegen'],
  'onnxruntime-node': ['runtime'],
  sharp: ['data', 'augment'],
  yargs: ['cli'],
  hyparquet: ['runtime'],
  'hyparquet-writer': ['runtime'],
};

/** Folders that must also run in a browser: no module of Node's and none of its globals. */
const portableFolders = [
  'support',
  'ir',
  'ops',
  'interpret',
  'autodiff',
  'optim',
  'nn',
  'models',
  'passes',
  'targets',
  'onnx',
  'artifacts',
  'compiler',
];

const otherFolders = [
  'frontend',
  'codegen',
  'runtime',
  'data',
  'augment',
  'api',
  'selftrain',
  'cli',
];

const nodeGlobals = ['Buffer', 'process', 'global', 'require', '__dirname', '__filename'];

const portableHint = 'This folder is portable: files and machine facts reach it as arguments.';

/** A later config replaces a rule's options whole, so each folder gets all of its fences at once. */
function fences(folder) {
  const portable = portableFolders.includes(folder);
  const group = Object.entries(fencedPackages)
    .filter(([, allowed]) => !allowed.includes(folder))
    .flatMap(([name]) => [name, `${name}/*`]);
  const patterns = [
    { group, message: 'Another folder owns this package: see docs/architecture.md.' },
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

const mayPrint = ['cli', 'codegen'];

function folderConfig(folder) {
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: {
      ...fences(folder),
      ...(mayPrint.includes(folder)
        ? { 'no-console': 'off', 'no-restricted-properties': 'off' }
        : {}),
    },
  };
}

export default defineConfig(
  globalIgnores(['dist/', 'generated/', 'runs/', 'coverage/', '**/node_modules/', 'test/goldens/']),
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
  ...[...portableFolders, ...otherFolders].map(folderConfig),
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
