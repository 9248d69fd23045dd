import type { Prose } from '../../support/phrase.js';
import type { UnfinishedRun } from '../../training/record/unfinishedRun.js';
import { memoryOf, withTeacher, type TeacherRequest } from './labelRun.js';
import { reassignLabels, type ReassignOptions, type ReassignSummary } from '../choose/reassign.js';
import { placeNames } from '../../runtime/storage/places.js';

export interface ReassignRequest
  extends Omit<ReassignOptions, 'kept' | 'heldOut' | 'remember'>, TeacherRequest {
  /** A checkpoint's folder, a run's or an .onnx file. */
  readonly teacher: string;
}

export interface ReassignRunSummary extends ReassignSummary {
  readonly data: string;
  /** Why the images that the teacher's run held out did not audit it; see HeldOut. */
  readonly lost?: string | undefined;
  /** The teacher's run, if it has not ended. */
  readonly unfinished?: UnfinishedRun;
  /** Assumptions. */
  readonly notes: readonly Prose[];
}

/** Labels kept images anew with the teacher of a path, and audits it on held-out images. */
export async function reassignDataSet(
  kept: string,
  request: ReassignRequest,
): Promise<ReassignRunSummary> {
  const list = `${request.out.replace(/\.parquet$/, '')}.${placeNames.unreadable}`;
  return withTeacher(request.teacher, request, list, async (ready) => {
    const { labeller, images, source, heldOut, heldOutImages, lost, unfinished, notes } = ready;
    const remember = { images, heldOutImages, ...memoryOf(request) };
    const summary = await reassignLabels(labeller, source, {
      ...{ ...request, kept, heldOut, remember },
    });
    return {
      ...summary,
      data: request.data,
      notes,
      ...(lost !== undefined && { lost }),
      ...(unfinished && { unfinished }),
    };
  });
}
