#!/usr/bin/env node
try {
  const { main } = await import('../dist/src/cli/main.js');
  await main();
} catch (error) {
  // Node opens many modules at once, before any code of ours can explain a refusal.
  if (error?.code !== 'EMFILE' && error?.code !== 'ENFILE') throw error;
  console.error('error ConfigError: too many open files: this process may not open enough of them');
  console.error('  hint: raise the limit, as by ulimit -n 1024');
  process.exitCode = 2;
}
