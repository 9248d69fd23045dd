import { cpu } from './cpu.js';
import { cuda } from './cuda.js';
import { webgpu } from './webgpu.js';

/** The devices that this version compiles for, in the order in which they are listed. */
export const devices = [cpu, webgpu, cuda] as const;

/** The device that every machine has: where sessions run by default, and what `auto` falls back to. */
export const hostDevice = cpu;
