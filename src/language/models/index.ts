/** The package `gradus/models`: networks written in the language, and the ones that are shipped. */
export * from './efficientnet.js';
export * from './modelNames.js';
export * from './names.js';
export * from './registry.js';
export * from './resnet.js';
export * from './statistics.js';
export * from './wideResnet.js';
