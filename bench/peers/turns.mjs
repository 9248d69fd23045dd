import { createInterface } from 'node:readline';

/** Says "ready"; then for each line, a number of seconds, works that long and writes milliseconds as JSON. */
export async function takeTurns(version, work) {
  console.log(`ready ${version}`);
  for await (const line of createInterface(process.stdin)) {
    const taken = [];
    const begun = performance.now();
    let last = begun;
    while (taken.length < 2 || last - begun < 1000 * Number(line)) {
      await work();
      const now = performance.now();
      taken.push(now - last);
      last = now;
    }
    console.log(JSON.stringify(taken));
  }
}

/** Images [batch,1,28,28] and labels of a step. */
export function digits(batch) {
  return {
    images: Float32Array.from({ length: batch * 784 }, (_, i) => ((i * 2654435761) % 997) / 997),
    labels: Array.from({ length: batch }, (_, row) => row % 10),
  };
}

/** Out, in, size and stride of the convolutions of convnet.model.ts. */
export const convolutions = [
  [16, 1, 3, 1],
  [32, 16, 3, 2],
  [64, 32, 3, 2],
];

/** Small values that differ, for a kernel. */
export function kernelValues(length, inputs) {
  const scale = Math.sqrt(2 / inputs);
  return Float32Array.from({ length }, (_, i) => scale * (((i * 7919) % 1999) / 999.5 - 1));
}
