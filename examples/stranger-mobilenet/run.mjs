import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';

const session = await InferenceSession.create('emoji.onnx');
const classes = 'Activities,Animals,Flags,Food,Objects,People,Smileys,Symbols,Places'.split(',');
const picture = sharp(process.argv[2]).flatten({ background: 'white' }).resize(112, 112);
const pixels = new Uint8Array(await picture.raw().toBuffer());
const image = new Tensor('uint8', pixels, [1, 112, 112, 3]);
const [logits] = Object.values(await session.run({ [session.inputNames[0]]: image }));
console.log(classes[logits.data.indexOf(Math.max(...logits.data))]);
