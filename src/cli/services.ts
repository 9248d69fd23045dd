import type { ShareFacts } from '../support/statistics/share.js';
import type { ArtifactKind } from '../contract/artifactKinds.js';
import type { Manifest } from '../contract/manifest.js';
import type { TargetName } from '../contract/targets.js';
import type { BenchOptions, BenchResult } from '../tools/measure/bench.js';
import type { TrainingConfig } from '../training/config/config.js';
import type { DevicesSummary, DoctorSummary } from '../runtime/machine/devices.js';
import type {
  EvaluateCheckpointOptions,
  EvaluationReport,
} from '../training/evaluation/evaluateCheckpoint.js';
import type { ExportOptions, ExportResult } from '../training/weights/exportModel.js';
import type { ImportOptions, ImportResult } from '../training/weights/importWeights.js';
import type { InspectOptions, Inspection } from '../tools/inspect/inspect.js';
import type { ConfigSetting } from '../training/config/configSettings.js';
import type { LoadedConfig } from '../training/config/loadTrainingConfig.js';
import type { MemoryPrediction } from '../tools/measure/memory/predictMemory.js';
import type { PreviewRequest, SheetRequest, SheetSummary } from '../tools/inspect/previewNoise.js';
import type { PredictOptions, PredictReport } from '../training/labelling/predictImages.js';
import type { Scaffold } from './scaffold.js';
import type { StepEvent as TrainerStep } from '../training/trainer/stepEvents.js';
import type { TuneOptions, TuneResult } from '../tools/measure/tune/tuneModel.js';
import type { DataSet } from '../data/datasets/dataSet.js';
import type { DataSetSummary, PackDataSetOptions } from '../data/datasets/packDataSet.js';
import type { OnSet } from '../data/sets/describe.js';
import type { DemoResult } from '../selftrain/tasks/demo.js';
import type { DiffOptions, LabelDiff } from '../selftrain/review/diff.js';
import type { ExportLabelsRequest, ExportLabelsSummary } from '../selftrain/review/exportLabels.js';
import type { FilterOptions, FilterSummary } from '../selftrain/choose/filter.js';
import type { GalleryRequest, GallerySummary } from '../selftrain/review/gallery.js';
import type { LabelRequest, LabelRunSummary } from '../selftrain/tasks/labelRun.js';
import type { ReassignRequest, ReassignRunSummary } from '../selftrain/tasks/reassignRun.js';
import type { SelfTrainingConfig } from '../selftrain/loop/config.js';
import type { AblationSummary } from '../selftrain/tasks/ablate.js';
import type { SelfTrainOptions, SelfTrainResult, Stopped } from '../selftrain/loop/selfTrain.js';
import type { OptimizerChoice } from '../compiler/optim/index.js';

/** Changes to a model that need no edit of its file. */
export interface ModelOverrides {
  /** Dropout before the classifier, 0..1. */
  readonly drop?: number | undefined;
  /** Stochastic depth: the drop rate of the last block, 0..1. */
  readonly dropPath?: number | undefined;
  readonly classes?: number | undefined;
  /** Height and width of the image, in pixels. */
  readonly size?: number | undefined;
}

export interface MemoryRequest extends ModelOverrides {
  /** Images of a step. */
  readonly batch?: number | undefined;
}

export interface CompileRequest extends ModelOverrides {
  readonly out: string;
  readonly artifacts?: readonly ArtifactKind[] | 'all' | undefined;
  readonly target?: TargetName | undefined;
  readonly batch?: number | 'dynamic' | undefined;
  readonly opset?: number | undefined;
  readonly seed?: number | undefined;
  readonly optimizer?: OptimizerChoice | undefined;
  readonly foldBatchNorm?: boolean | undefined;
  readonly checkpointing?: boolean | undefined;
  readonly precision?: 'float32' | 'float16' | 'bfloat16' | undefined;
  readonly stepsPerRun?: number | undefined;
  readonly unrollSteps?: boolean | undefined;
  readonly imageFormat?: Manifest['imageFormat'] | undefined;
  /** Folder that takes the graph after each pass. */
  readonly dumpIr?: string | undefined;
  readonly explain?: boolean | undefined;
}

export interface CompileSummary {
  readonly manifest: Manifest;
  readonly outDir: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly seconds: number;
  /** Which rule took a node and why others declined it, where `explain` was asked for. */
  readonly explanation?: readonly string[] | undefined;
}

/** What is told of a step; its times are for those who measure. */
export type StepEvent = Omit<TrainerStep, 'runMilliseconds' | 'waitMilliseconds'>;

/** Images done, of how many. */
export interface ProgressEvent {
  readonly kind: 'progress';
  readonly done: number;
  readonly total: number;
  readonly imagesPerSecond: number;
  /** What is counted, where it is not images. */
  readonly unit?: string | undefined;
}

/** What a run tells while it goes on. */
export type RunEvent =
  | {
      readonly kind: 'begin';
      /** The phase, such as `teacher`. */
      readonly title: string;
      readonly steps?: number | undefined;
      /** Steps done before, by the run that this one resumes. */
      readonly firstStep?: number | undefined;
    }
  | StepEvent
  | {
      readonly kind: 'evaluation';
      readonly step: number;
      readonly accuracy: number;
      readonly loss: number;
      /** Held-out images that it is of. */
      readonly images?: number | undefined;
    }
  | { readonly kind: 'checkpoint'; readonly step: number; readonly path: string }
  | ProgressEvent
  | { readonly kind: 'message'; readonly text: string };

export interface RunOptions {
  /** Aborted by Ctrl-C: the run stops at the next step boundary with a checkpoint. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
}

export interface TrainRequest extends RunOptions {
  /** Folder that relative paths of the config start from. */
  readonly configFolder: string;
  readonly resume?: boolean | undefined;
  /** Start over where the folder holds a run. */
  readonly overwrite?: boolean | undefined;
  /** Go on with images that have changed. */
  readonly acceptData?: boolean | undefined;
  /** Hash the contents of all image files. */
  readonly hashData?: boolean | undefined;
  /** The run's folder; `runs/<name>` where it is missing. */
  readonly out?: string | undefined;
  /** Told of each set as it was opened. */
  readonly onSet?: OnSet | undefined;
}

export interface TrainSummary {
  readonly name: string;
  readonly folder: string;
  readonly step: number;
  readonly epoch: number;
  readonly seconds: number;
  /** Stopped by `signal` before its last step. */
  readonly interrupted: boolean;
  /** Ended by early stopping. */
  readonly stoppedEarly: boolean;
  /** Share of the steps' time in which the network waited for images. */
  readonly waiting: number;
  /** Steps that overflowed and changed nothing; missing but in float16. */
  readonly skipped?: number;
  /** The newest checkpoint's folder. */
  readonly checkpoint: string;
  /** On the held-out part of the labelled data. */
  readonly best?: Evaluation & { readonly step: number };
  /** The weights that the run ends with: the best, or the last. */
  readonly chosen: {
    readonly rule: 'best' | 'last';
    readonly step: number;
    readonly path: string;
    readonly validation?: Evaluation;
  };
  /** The second phase, at a larger size. */
  readonly fixed?: Pick<TrainSummary, 'best' | 'chosen' | 'step'>;
  /** On the test set, once the run is done, by the chosen weights; and how often it was read. */
  readonly test?: Evaluation & { readonly readings: number };
}

export interface Evaluation extends Partial<ShareFacts> {
  readonly accuracy: number;
  readonly loss: number;
  readonly images: number;
}

export interface DemoRequest extends RunOptions {
  readonly seed: number;
  readonly out: string;
}

/** What the command line asks of the library; a command parses, calls one of these and prints. */
export interface Services {
  compileModel(model: string, request: CompileRequest): Promise<CompileSummary>;
  /** Reads and checks a config, TypeScript or JSON. */
  loadTrainingConfig(file: string, settings: readonly ConfigSetting[]): Promise<LoadedConfig>;
  trainFromConfig(config: TrainingConfig, request: TrainRequest): Promise<TrainSummary>;
  /** Measures a checkpoint or an .onnx classifier on labelled images. */
  evaluateCheckpoint(path: string, request: EvaluateCheckpointOptions): Promise<EvaluationReport>;
  predictImages(paths: readonly string[], options: PredictOptions): Promise<PredictReport>;
  importWeights(path: string, request: ImportOptions): Promise<ImportResult>;
  exportModel(path: string, request: ExportOptions): Promise<ExportResult>;
  inspectFile(path: string, request: InspectOptions): Promise<Inspection>;
  /** Predicts the memory of a process that trains a model. */
  predictMemory(model: string, request: MemoryRequest): Promise<MemoryPrediction>;
  /** Times, profiles and weighs steps of a model. */
  benchModel(model: string, options: BenchOptions): Promise<BenchResult>;
  /** Times the spellings that could take a model's nodes, for all compilations to come. */
  tuneModel(model: string, options: TuneOptions): Promise<TuneResult>;
  listDevices(): Promise<DevicesSummary>;
  /** Why each provider can or cannot be used here, and what to do next. */
  examineMachine(): Promise<DoctorSummary>;
  /** Labels images with a checkpoint's network or an .onnx classifier. */
  labelDataSet(teacher: string, request: LabelRequest): Promise<LabelRunSummary>;
  filterLabels(labels: string, options: FilterOptions): Promise<FilterSummary>;
  /** Labels kept images anew. */
  reassignDataSet(kept: string, request: ReassignRequest): Promise<ReassignRunSummary>;
  /** Writes labels and their images as one HTML file. */
  showLabels(labels: string, request: GalleryRequest): Promise<GallerySummary>;
  /** Compares the labels of two generations. */
  diffLabels(before: string, after: string, options: DiffOptions): Promise<LabelDiff>;
  /** Writes labels as a file of another kind. */
  exportLabels(labels: string, request: ExportLabelsRequest): Promise<ExportLabelsSummary>;
  /** Reads and checks a config of a self-training, TypeScript or JSON. */
  loadSelfTrainingConfig(
    file: string,
    settings: readonly ConfigSetting[],
  ): Promise<LoadedConfig<SelfTrainingConfig>>;
  selfTrain(config: SelfTrainingConfig, options: SelfTrainOptions): Promise<SelfTrainResult>;
  /** Trains the first student of a self-training again without each noise. */
  ablate(config: SelfTrainingConfig, options: SelfTrainOptions): Promise<AblationSummary | Stopped>;
  runDemo(request: DemoRequest): Promise<DemoResult>;
  scaffold(folder: string): Promise<Scaffold>;
  packDataSet(set: DataSet, folder: string, options: PackDataSetOptions): Promise<DataSetSummary>;
  previewNoise(request: PreviewRequest): Promise<SheetSummary>;
  showCorruptions(request: SheetRequest): Promise<SheetSummary>;
}
