import type { Services } from './services.js';

/**
 * The library behind the commands. Each call loads its part when it is needed, so that --help and
 * completion answer at once.
 */
export const installedServices: Services = {
  async compileModel(model, request) {
    const { compileModel } = await import('../training/build/compileModel.js');
    return compileModel(model, request);
  },
  async loadTrainingConfig(file, settings) {
    const { loadTrainingConfig } = await import('../training/config/loadTrainingConfig.js');
    return loadTrainingConfig(file, settings);
  },
  async importWeights(path, request) {
    const { importWeights } = await import('../training/weights/importWeights.js');
    return importWeights(path, request);
  },
  async exportModel(path, request) {
    const { exportModel } = await import('../training/weights/exportModel.js');
    return exportModel(path, request);
  },
  async inspectFile(path, request) {
    if (path.endsWith('.onnx')) {
      const { inspectOnnxFile } = await import('../tools/inspect/inspectOnnx.js');
      return inspectOnnxFile(path, request);
    }
    const { inspectModelFile } = await import('../tools/inspect/inspect.js');
    return inspectModelFile(path, request);
  },
  async benchModel(model, options) {
    const { benchModel } = await import('../tools/measure/bench.js');
    return benchModel(model, options);
  },
  async predictMemory(model, request) {
    const { predictMemory } = await import('../tools/measure/memory/predictMemory.js');
    return predictMemory(model, request);
  },
  async tuneModel(model, options) {
    const { tuneModel } = await import('../tools/measure/tune/tuneModel.js');
    return tuneModel(model, options);
  },
  async listDevices() {
    const { describeDevices } = await import('../runtime/machine/devices.js');
    return describeDevices();
  },
  async examineMachine() {
    const { examineMachine } = await import('../runtime/machine/devices.js');
    return examineMachine();
  },
  async trainFromConfig(config, request) {
    const { trainFromConfig } = await import('../training/run/trainFromConfig.js');
    return trainFromConfig(config, request);
  },
  async evaluateCheckpoint(path, request) {
    const { evaluateCheckpoint } = await import('../training/evaluation/evaluateCheckpoint.js');
    return evaluateCheckpoint(path, request);
  },
  async predictImages(paths, options) {
    const { predictImages } = await import('../training/labelling/predictImages.js');
    return predictImages(paths, options);
  },
  async labelDataSet(teacher, request) {
    const { labelDataSet } = await import('../selftrain/tasks/labelRun.js');
    return labelDataSet(teacher, request);
  },
  async filterLabels(labels, options) {
    const { filterLabels } = await import('../selftrain/choose/filter.js');
    return filterLabels(labels, options);
  },
  async reassignDataSet(kept, request) {
    const { reassignDataSet } = await import('../selftrain/tasks/reassignRun.js');
    return reassignDataSet(kept, request);
  },
  async showLabels(labels, request) {
    const { showLabels } = await import('../selftrain/review/gallery.js');
    return showLabels(labels, request);
  },
  async diffLabels(before, after, options) {
    const { diffLabels } = await import('../selftrain/review/diff.js');
    return diffLabels(before, after, options);
  },
  async exportLabels(labels, request) {
    const { exportLabels } = await import('../selftrain/review/exportLabels.js');
    return exportLabels(labels, request);
  },
  async loadSelfTrainingConfig(file, settings) {
    const { loadSelfTrainingConfig } = await import('../selftrain/loop/loadSelfTrainingConfig.js');
    return loadSelfTrainingConfig(file, settings);
  },
  async selfTrain(config, options) {
    const { selfTrain } = await import('../selftrain/loop/selfTrain.js');
    return selfTrain(config, options);
  },
  async ablate(config, options) {
    const { ablate } = await import('../selftrain/tasks/ablate.js');
    return ablate(config, options);
  },
  async runDemo(request) {
    const { runDemo } = await import('../selftrain/tasks/demo.js');
    return runDemo(request);
  },
  async packDataSet(set, folder, options) {
    const { packDataSet } = await import('../data/datasets/packDataSet.js');
    return packDataSet(set, folder, options);
  },
  async scaffold(folder) {
    const { scaffold } = await import('./scaffold.js');
    return scaffold(folder);
  },
  async previewNoise(request) {
    const { previewNoise } = await import('../tools/inspect/previewNoise.js');
    return previewNoise(request);
  },
  async showCorruptions(request) {
    const { showCorruptions } = await import('../tools/inspect/previewNoise.js');
    return showCorruptions(request);
  },
};
