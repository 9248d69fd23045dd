import {
  classifier,
  convBnAct,
  defineModel,
  image,
  linearDecay,
  mbConv,
  type Model,
} from '../../language/nn/index.js';

/** Sizes of a small EfficientNet-style network for 28x28 digits. */
export interface DigitsSize {
  readonly name: string;
  /** Multiplies the channels. */
  readonly width: number;
}

/** A small EfficientNet-style network for digits: stem, three MBConv blocks, classifier. */
export function digitsModel({ name, width }: DigitsSize): Model {
  const channels = (base: number): number => Math.round((base * width) / 8) * 8;
  return defineModel({
    name,
    input: image(1, 28, 28),
    classes: 10,
    drop: 0.2,
    dropPath: 0.2,
    build(x, { classes, drop, dropPath }) {
      const survivals = linearDecay(3, 1 - dropPath);
      x = convBnAct(x, { name: 'conv_stem', out: channels(16), kernel: 3, stride: 2 });
      for (const [i, survival] of survivals.entries()) {
        const shrink = i === 0;
        const out = channels(24);
        x = mbConv(x, {
          name: `blocks.${i}`,
          out,
          kernel: 3,
          stride: shrink ? 2 : 1,
          expand: 3,
          survival,
        });
      }
      x = convBnAct(x, { name: 'conv_head', out: channels(64), kernel: 1 });
      return classifier(x, { name: 'classifier', classes, dropout: drop });
    },
  });
}
