import { isReadAsBefore } from '../../training/labelling/onnxTeacher.js';
import type { Labeller } from '../../training/labelling/labeller.js';
import type { ImageSource } from '../../data/loader/imageSource.js';
import { originDifference, type LabelOrigin } from './labelStore.js';

/** Origin that a labeller's labels of a source carry. Settles how an .onnx file is read. */
export async function originBy(
  labeller: Labeller,
  source: ImageSource,
  { temperature = 1, topK }: Partial<Pick<LabelOrigin, 'temperature' | 'topK'>>,
): Promise<LabelOrigin> {
  await labeller.settle(source);
  const { teacher, reading } = labeller;
  const { name, fingerprint, count } = source;
  return {
    teacher: { name: teacher.name, fingerprint: teacher.fingerprint },
    ...(reading && { reading: reading.settings }),
    classes: [...teacher.classes],
    temperature,
    topK: topK ?? null,
    data: { name, fingerprint, size: count },
  };
}

/**
 * Describes how existing labels differ from those that a labeller would give. Labels of older
 * versions do not say how an .onnx file was read: they are the same if it was read as today.
 */
export function differenceFrom(
  labeller: Labeller,
  wanted: LabelOrigin,
  found: LabelOrigin,
): string | undefined {
  const difference = originDifference(wanted, found);
  if (difference !== undefined || found.reading || isReadAsOlder(labeller)) return difference;
  return 'by a version of Gradus that interpreted the network differently';
}

/** True if older versions, which recorded no reading, gave the same labels. */
export function isReadAsOlder({ teacher: { onnx }, reading }: Labeller): boolean {
  return !onnx || !reading || isReadAsBefore(onnx, reading);
}
