import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { graphSections, type GraphNode } from '../../../src/tools/inspect/graphSections.js';
import { renderGraph } from '../../../src/tools/inspect/graphSvg.js';
import { inspectModel, inspectModelFile } from '../../../src/tools/inspect/inspect.js';
import { findShippedModel } from '../../../src/language/models/registry.js';
import {
  batchNorm,
  classifier,
  conv2d,
  add,
  defineModel,
  image,
  linear,
  maxPool,
  relu,
  scope,
  stochasticDepth,
  type Model,
} from '../../../src/language/nn/index.js';
import { traceModel, type Traced } from '../../../src/compiler/trace/traceModel.js';
import { temporaryFolder } from '../../support/folder.js';
import { repositoryRoot } from '../../support/paths.js';

function shipped(name: string): Model {
  const found = findShippedModel(name);
  if (!found) throw new TypeError(`${name} is shipped`);
  return found.model;
}

function trace(model: Model, rates: { drop?: number; dropPath?: number } = {}): Traced {
  return traceModel(model, { mode: 'train', batch: 'dynamic', ...rates });
}

function draw(model: Model, rates = {}): string {
  const traced = trace(model, rates);
  return renderGraph(inspectModel(model.name, traced), traced);
}

const labels = (nodes: readonly GraphNode[] = []): string[] =>
  nodes.map(({ label, detail, after }) => [label, detail, ...after].filter(Boolean).join(' '));

/** Values of an attribute of all elements of a class, in order. */
function attributes(svg: string, name: string, attribute: string): string[] {
  const tag = new RegExp(`<g class="${name}"[^>]* ${attribute}="([^"]*)"`, 'g');
  return [...svg.matchAll(tag)].map(([, value = '']) => value);
}

describe('the sections of a model', () => {
  it('are the stages of an EfficientNet, and what stands before and behind', () => {
    const sections = graphSections(trace(shipped('efficientnet_b0')));
    expect(sections.map(({ title, blocks }) => [title, blocks.length])).toEqual([
      ['conv_stem … silu', 0],
      ['blocks.0', 1],
      ['blocks.1', 2],
      ['blocks.2', 2],
      ['blocks.3', 3],
      ['blocks.4', 3],
      ['blocks.5', 4],
      ['blocks.6', 1],
      ['conv_head … classifier', 0],
    ]);
    expect(labels(sections[2]?.nodes)).toEqual([
      'conv 1×1 144 batch norm silu',
      'depthwise 3×3 144 batch norm silu',
      'squeeze-excite 144 → 6 → 144',
      'conv 1×1 24 batch norm',
      'stochastic depth',
      '+',
    ]);
    expect(sections[2]?.first).toBe(
      'conv 1×1 96; depthwise 3×3 96, stride 2; squeeze-excite 96 → 4 → 96; no shortcut',
    );
  });

  it.each(['tv_efficientnet_b0', 'resnet18', 'resnet50', 'wrn_28_2', 'resnet110_cifar'])(
    'hold every layer of %s once',
    (name) => {
      const traced = trace(shipped(name));
      const { parameters, multiplyAdds } = inspectModel(name, traced);
      const sections = graphSections(traced);
      const sum = (key: 'parameters' | 'multiplyAdds') =>
        sections.reduce((total, section) => total + section[key], 0);
      expect([sum('parameters'), sum('multiplyAdds')]).toEqual([parameters, multiplyAdds]);
    },
  );

  it('have the same stages by the names of torchvision', () => {
    const blocks = (name: string) =>
      graphSections(trace(shipped(name))).map((section) => section.blocks.length);
    expect(blocks('tv_efficientnet_b0')).toEqual(blocks('efficientnet_b0'));
  });

  it('say what lies on the shortcut of the first block', () => {
    const layer2 = graphSections(trace(shipped('resnet50')))[2];
    expect(layer2?.title).toBe('layer2');
    expect(layer2?.first).toBe('conv 3×3 128, stride 2; conv 1×1 512, stride 2 on the shortcut');
    expect(layer2?.nodes.find(({ shortcut }) => shortcut)?.shortcut).toEqual([]);
  });

  it('put a projection on the shortcut that it is on', () => {
    const model = defineModel({
      name: 'projected',
      input: image(3, 16, 16),
      classes: 10,
      build: (x, { classes }) => {
        const y = scope(x, 'stages.0.0', (x) => {
          const made = relu(
            conv2d(x, { name: 'conv', out: 8, kernel: 3, padding: 'same', stride: 2 }),
          );
          const side = { name: 'side', out: 8, kernel: 1, padding: 'same', stride: 2 } as const;
          const short = batchNorm(conv2d(x, side), { name: 'bn' });
          return add(stochasticDepth(made, { survival: 0.75 }), short);
        });
        return classifier(maxPool(y, { kernel: 2 }), { classes });
      },
    });
    const [stage, rest] = graphSections(trace(model));
    expect(labels(stage?.nodes)).toEqual(['conv 3×3 8, stride 2 relu', 'stochastic depth', '+']);
    expect(labels(stage?.nodes[2]?.shortcut)).toEqual(['conv 1×1 8, stride 2 batch norm']);
    expect(stage?.nodes[1]?.rates).toEqual([0.25, 0.25]);
    expect(labels(rest?.nodes)[0]).toBe('max pool stride 2');
  });

  it('part a list of blocks where the map changes', () => {
    const model = defineModel({
      name: 'list',
      input: image(1, 8, 8),
      classes: 2,
      build: (x, { classes }) => {
        for (const [i, out] of [4, 4, 8].entries())
          x = scope(x, `blocks.${i}`, (x) => relu(conv2d(x, { name: 'conv', out, kernel: 1 })));
        return classifier(x, { classes });
      },
    });
    const titles = graphSections(trace(model)).map(({ title }) => title);
    expect(titles).toEqual(['blocks.0–1', 'blocks.2', 'globalAvgPool … classifier']);
  });
});

describe('the drawing of a model', () => {
  it('has a card for each stage and the rate of every block that has noise', () => {
    const svg = draw(shipped('efficientnet_b0'), { drop: 0.3, dropPath: 0.32 });
    expect(attributes(svg, 'stage', 'data-name')).toHaveLength(7);
    expect(attributes(svg, 'layers', 'data-name')).toHaveLength(2);
    expect(attributes(svg, 'stage', 'data-blocks')).toEqual(['1', '2', '2', '3', '3', '4', '1']);
    // Blocks with a shortcut, of 16: rate * i / 16.
    const rates = [2, 4, 6, 7, 9, 10, 12, 13, 14].map((i) => String(Number((0.02 * i).toFixed(4))));
    const drawn = [...svg.matchAll(/data-kind="stochasticDepth" data-rate="([^"]*)"/g)];
    expect(drawn.map(([, rate]) => rate)).toEqual(rates);
    for (const rate of rates) expect(svg).toContain(`>${rate}</text>`);
    expect(svg).toContain('data-kind="dropout" data-rate="0.3"');
    expect(svg).toContain('data-kind="stochastic depth" data-rate="0.24 to 0.28"');
  });

  it('dashes noise that drops nothing', () => {
    const dashes = (svg: string) => svg.split('stroke-dasharray').length - 1;
    expect(dashes(draw(shipped('wrn_28_2')))).toBe(1 + 3 + 12);
    // The first of the blocks, of the linear rule that counts from 1, drops something, too.
    expect(dashes(draw(shipped('wrn_28_2'), { drop: 0.1, dropPath: 0.2 }))).toBe(0);
  });

  it('stays small for a network of 1,202 layers', () => {
    const svg = draw(shipped('resnet1202_cifar'));
    expect(attributes(svg, 'stage', 'data-blocks')).toEqual(['200', '200', '200']);
    expect(attributes(svg, 'block', 'data-name')).toHaveLength(3 * 8);
    expect(svg).toContain('… 192 more …');
    expect(svg.length).toBeLessThan(50_000);
  });

  it('breaks a long row of layers, so that it fits on a page', async () => {
    const model = defineModel({
      name: 'long',
      input: image(1, 8, 8),
      classes: 2,
      build: (x, { classes }) => {
        for (let i = 0; i < 40; i++) x = conv2d(x, { name: `conv${i}`, out: 4, kernel: 1 });
        return classifier(x, { classes });
      },
    });
    const { width, height } = await sharp(Buffer.from(draw(model))).metadata();
    expect(width).toBeLessThan(1600);
    expect(height).toBeGreaterThan(400);
  });

  it('is written beside the table, of a model file and of a resolution', async () => {
    const graph = join(temporaryFolder(), 'mixer.svg');
    const path = `${repositoryRoot}/examples/mlp-mixer/mixer.model.ts`;
    await inspectModelFile(path, { graph, dropPath: 0.2 });
    const svg = readFileSync(graph, 'utf8');
    expect(attributes(svg, 'stage', 'data-name')).toEqual(['blocks.0–3']);
    expect(attributes(svg, 'block', 'data-name')).toHaveLength(4);
    // Two a block: the mixing of patches, and that of channels.
    expect(svg.match(/data-kind="stochasticDepth" data-rate="0.15"/g)).toHaveLength(2);
    const { format, width, height } = await sharp(Buffer.from(svg)).metadata();
    expect(format).toBe('svg');
    expect(svg).toContain(`width="${width}" height="${height}"`);
    expect((await sharp(graph).stats()).isOpaque).toBe(true);
  });

  it('is the one that docs/cli.md shows', () => {
    // Made by: gradus inspect efficientnet_b0 --graph docs/images/efficientnet_b0.svg
    const shown = readFileSync(`${repositoryRoot}/docs/images/efficientnet_b0.svg`, 'utf8');
    expect(shown === draw(shipped('efficientnet_b0'))).toBe(true);
  });

  it('names what the numbers of a plain model are', () => {
    const model = defineModel({
      name: 'plain',
      input: image(1, 2, 2),
      classes: 3,
      build: (x, { classes }) =>
        linear(classifier(x, { classes: 5 }), { name: 'out', out: classes }),
    });
    const svg = draw(model);
    expect(svg).toContain('<title>plain: 28 parameters, 20 multiply-adds for one image</title>');
    for (const words of ['image 1 × 2 × 2', 'logits 3', '28 parameters, 100.0 %'])
      expect(svg).toContain(`>${words}</text>`);
  });
});
