import { defineConfig } from 'vitest/config';

/** Their tests start worker threads or the command line, which run the compiled dist/. */
const needBuild = ['bench', 'cli', 'data', 'e2e', 'runtime', 'selftrain', 'tools', 'training'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    environment: 'node',
    // Tests that load onnxruntime by themselves send no reports, either.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    // Processes: onnxruntime's native binding may crash when a thread that loaded it ends.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'source', include: ['test/**/*.test.ts'], exclude: needBuild },
      },
      {
        extends: true,
        test: {
          name: 'built',
          include: needBuild,
          globalSetup: ['test/support/build.ts'],
          // What is compiled need not be compiled again.
          server: { deps: { external: [/\/dist\/src\//] } },
        },
      },
    ],
  },
});
