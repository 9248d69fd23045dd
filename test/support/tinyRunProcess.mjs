// Trains a small run with a checkpoint after every second step, as a process that tests can kill:
// node tinyRunProcess.mjs FOLDER [DEVICE [STEPS]]. It resumes what it finds, and writes a line of each
// event.
import { writeSync } from 'node:fs';
import * as gradus from '../../dist/src/index.js';
import { tinyProcessRun } from './tinyProcessRun.mjs';

const [folder, device = 'cpu', steps = '100'] = process.argv.slice(2);

const onEvent = ({ kind, step = 0 }) => writeSync(1, `${kind} ${step}\n`);
const trainer = await tinyProcessRun(gradus, folder, { device, steps: Number(steps), onEvent });
await trainer.close();
