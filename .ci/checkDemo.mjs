// Checks that a demo left what the README promises, with plausible figures.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const summary = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));
assert(Number.isInteger(summary.seed), 'summary.json: seed is no integer');
for (const who of ['teacher', 'student']) {
  const accuracy = summary[who]?.accuracy;
  // Three hundred digits teach any working network far more than half of them.
  assert(accuracy > 0.6 && accuracy <= 1, `summary.json: ${who}.accuracy is ${accuracy}`);
}
assert(summary.seconds > 0, `the demo took ${summary.seconds} s`);

const files = readdirSync(folder, { recursive: true });
for (const pattern of [/\.onnx$/, /state\.safetensors$/, /metrics\.jsonl$/, /\.(svg|png)$/])
  assert(
    files.some((file) => pattern.test(file)),
    `${folder} has no file matching ${pattern}`,
  );
console.log(`${folder}: teacher ${summary.teacher.accuracy}, student ${summary.student.accuracy}`);
