import type { DevicesSummary } from '../../api/devices.js';
import { defineCommand } from '../command.js';
import { formatBytes, formatTable } from '../table.js';

export const devices = defineCommand({
  usage: 'devices',
  describe: 'Tell where networks can run here, where not, and why',
  examples: [
    ['devices', 'what --device can be'],
    ['devices --json', 'for a script or a bug report'],
  ],
  options: (parser) => parser,
  async run(_args, { services }) {
    const summary = await services.listDevices();
    return { json: summary, text: textOf(summary) };
  },
});

function textOf(summary: DevicesSummary): string {
  const rows = summary.devices.map(({ name, available, detail }) => [
    name,
    available ? 'yes' : 'no',
    detail,
  ]);
  const hints = summary.devices.flatMap(({ name, hint }) => (hint ? [`${name}: ${hint}`] : []));
  return [
    `Node ${summary.node}, onnxruntime ${summary.onnxruntime}, ${summary.platform}, ${summary.cores} cores, ${formatBytes(summary.memoryBytes)}`,
    '',
    formatTable([{ title: 'device' }, { title: 'usable' }, { title: 'what' }], rows),
    '',
    `--device auto takes ${summary.auto}`,
    ...hints,
  ].join('\n');
}
