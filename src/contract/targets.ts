/** Targets that graphs can be lowered for: any runtime, or a provider of onnxruntime. */
export const targetNames = ['portable', 'cpu', 'webgpu', 'cuda'] as const;

/** The name of a target that graphs are lowered for. */
export type TargetName = (typeof targetNames)[number];
