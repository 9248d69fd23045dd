#!/bin/sh
# onnxruntime-node writes its telemetry's device id and event store on a user's machine, but not where a CI variable is set.
#
# What: on Linux each process that opens a session makes .cache/Microsoft/DeveloperTools/.onnxruntime/deviceid and
#   onnxruntime.db in the user's home, ready to be sent. With CI, GITHUB_ACTIONS or TF_BUILD in the environment it makes
#   neither, so a test in CI that looks for these files passes whatever the program under test does. The documented
#   switch ORT_DISABLE_TELEMETRY works with 1 and true; 0, false and the empty text count as not set. It is read from the
#   process's own environment when the library is loaded: set through process.env by the main thread it counts, set by
#   the worker thread that loads the library it does not.
# Versions: onnxruntime-node 1.29.0, Node 20.20.2.
# Date: 2026-11-30. Seen on: Linux x64 (Debian 12).
# A good guess would have been: a library behaves in CI as it does at home; process.env of the thread that imports it counts.
# Why it matters: whoever ships a tool on onnxruntime and tests its promise of privacy has to clear the CI variables
#   in that test, and to set the switch in the main thread before any worker starts.
# Exit: 0 as stated, 1 different, 2 could not be run.
set -u
fail() { echo "could not be run: $*" >&2; exit 2; }
command -v npm > /dev/null || fail 'needs Node.js (20 or later) and npm'
[ "$(uname -s)" = Linux ] || fail 'needs Linux'
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir" || exit 2
echo '{ "private": true, "type": "module", "allowScripts": { "onnxruntime-node": false } }' > package.json
ONNXRUNTIME_NODE_INSTALL=skip npm install --no-audit --no-fund --loglevel=error onnxruntime-node@1.29.0 >&2 ||
  fail 'npm install failed'

cat > session.mjs <<'END'
import { isMainThread, Worker, workerData } from 'node:worker_threads';
// y = Relu(x), a float of one element.
const model = Buffer.from('CAg6MwoMCgF4EgF5IgRSZWx1EgFnWg8KAXgSCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAUIECgAQEQ==', 'base64');
const [, , set = '', where = ''] = process.argv;
const thread = isMainThread ? 'main' : 'worker';
const { from = set, loads = where || 'main' } = workerData ?? {};
if (from === thread) process.env.ORT_DISABLE_TELEMETRY = '1';
if (loads === thread) {
  const { default: ort } = await import('onnxruntime-node');
  await (await ort.InferenceSession.create(model)).release();
} else if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { from, loads } });
  await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
}
END

cat > main.mjs <<'END'
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
let differs = false;
function see(what, stated, variables, ...args) {
  const home = mkdtempSync('home-');
  const env = { PATH: process.env.PATH, HOME: `${process.cwd()}/${home}`, ...variables };
  const { status } = spawnSync(process.execPath, ['session.mjs', ...args], { env });
  if (status !== 0) process.exit(2);
  const names = readdirSync(home, { recursive: true }).map((path) => path.split('/').at(-1));
  const got = names.includes('deviceid') ? 'writes a device id' : 'writes nothing';
  if (got !== stated) differs = true;
  console.log(`${what}: ${got}${got === stated ? '' : `   DIFFERS, stated: ${stated}`}`);
}
const [yes, no] = ['writes a device id', 'writes nothing'];
see('plain environment', yes, {});
for (const name of ['CI', 'GITHUB_ACTIONS', 'TF_BUILD']) see(`${name}=true`, no, { [name]: 'true' });
for (const value of ['1', 'true']) see(`ORT_DISABLE_TELEMETRY=${value}`, no, { ORT_DISABLE_TELEMETRY: value });
for (const value of ['0', 'false', '']) see(`ORT_DISABLE_TELEMETRY=${value}`, yes, { ORT_DISABLE_TELEMETRY: value });
see('set by the main thread, loaded there', no, {}, 'main');
see('set by the main thread, loaded by a worker', no, {}, 'main', 'worker');
see('set and loaded by a worker', yes, {}, 'worker', 'worker');
process.exit(differs ? 3 : 0);
END
node main.mjs
case $? in 0) exit 0 ;; 3) exit 1 ;; *) exit 2 ;; esac
