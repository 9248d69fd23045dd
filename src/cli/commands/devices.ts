import type { DevicesSummary } from '../../runtime/machine/devices.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { formatBytes, formatTable } from '../table.js';

const describeDevices = library(
  async () => (await import('../../runtime/machine/devices.js')).describeDevices,
);

export default defineCommand({
  usage: 'devices',
  describe: 'Show the devices that can run networks here, and why others cannot',
  examples: [
    ['devices', 'the values of --device'],
    ['devices --json', 'for a script'],
  ],
  options: (parser) => parser,
  async run(_args) {
    const summary = await describeDevices();
    return { json: summary, text: textOf(summary) };
  },
});

/** `Node 20.20.2, onnxruntime 1.29.0, linux x64, 2 cores, 25.3 GB` */
export function machineLine(summary: DevicesSummary): string {
  const { node, onnxruntime, platform, cores, memoryBytes } = summary;
  return `Node ${node}, onnxruntime ${onnxruntime}, ${platform}, ${cores} cores, ${formatBytes(memoryBytes)}`;
}

/** A row a provider: whether it can be used, and on what or why not. */
export function deviceTable({ devices: reports }: DevicesSummary): string {
  const rows = reports.map(({ name, available, detail }) => [
    name,
    available ? 'yes' : 'no',
    detail,
  ]);
  return formatTable([{ title: 'device' }, { title: 'usable' }, { title: 'what' }], rows);
}

function textOf(summary: DevicesSummary): string {
  const hints = summary.devices.flatMap(({ name, hint }) => (hint ? [`${name}: ${hint}`] : []));
  return [
    machineLine(summary),
    '',
    deviceTable(summary),
    '',
    `--device auto takes ${summary.auto}: ${summary.autoWhy}`,
    ...hints,
  ].join('\n');
}
