import { runCommandLine } from '../../dist/src/cli/main.js';

/**
 * Runs a command line in this process, from a folder, as `gradus` does in one of its own: the exit status
 * and what is printed. A process of its own costs a second, and is for what depends on it.
 */
export async function gradusHere(args, cwd) {
  let [out, err] = ['', ''];
  const environment = {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    variables: {},
    cwd,
    now: () => performance.now(),
  };
  const [before, { log }] = [process.cwd(), console];
  process.chdir(cwd);
  // yargs prints help by itself.
  console.log = (text) => (out += `${text}\n`);
  try {
    const status = await runCommandLine(args, environment);
    return { status, stdout: out, stderr: err };
  } finally {
    console.log = log;
    process.chdir(before);
  }
}
