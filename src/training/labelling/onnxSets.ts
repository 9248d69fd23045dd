import type { LabelledImages } from '../../data/sets/images.js';
import { ownClassesKey } from './classifier/classNames.js';
import type { OnnxOptions } from './classifier/reading.js';
import { openLabelledSet, type OpenLabelledSetOptions } from '../../data/datasets/openSets.js';
import { readOnnxClassifier } from './onnxTeacher.js';
import { asRecorded } from '../record/runRecord.js';

/**
 * Opens labelled images whose classes have the numbers that an .onnx file gives them by name. Names
 * that Gradus recorded have to be those of the set; others may not be names of folders, so
 * the order of the set stands. Throws a DataError as openLabelledSet does.
 */
export async function openSetOfOnnx(
  spec: string,
  path: string,
  onnx: OnnxOptions | undefined,
  options: OpenLabelledSetOptions = {},
): Promise<LabelledImages> {
  const { names, namesKey } = readOnnxClassifier(path, onnx);
  if (names === undefined) return openLabelledSet(spec, options);
  if (namesKey === ownClassesKey)
    return openLabelledSet(spec, { ...options, classes: asRecorded(names, true) });
  const images = await openLabelledSet(spec, options);
  const known = new Set(names);
  const same =
    images.classNames.length === known.size && images.classNames.every((name) => known.has(name));
  return same ? openLabelledSet(spec, { ...options, classes: names }) : images;
}
