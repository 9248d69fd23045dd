/**
 * Globals of Node that a model or config may use if @types/node is not installed: enough for
 * `console.log(x.shape)` in a model to be no type error.
 */
export const ambientDeclarations = `
interface GradusConsole {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  table(value: unknown): void;
  time(label?: string): void;
  timeEnd(label?: string): void;
}
declare var console: GradusConsole;
declare var process: {
  readonly argv: string[];
  readonly env: Record<string, string | undefined>;
  readonly platform: string;
  cwd(): string;
};
declare var performance: { now(): number };
declare function structuredClone<T>(value: T): T;
declare function setTimeout(callback: () => void, milliseconds?: number): unknown;
declare function clearTimeout(timer: unknown): void;
declare class URL {
  constructor(url: string | URL, base?: string | URL);
  readonly href: string;
  readonly pathname: string;
}
interface ImportMeta {
  readonly url: string;
  readonly filename: string;
  readonly dirname: string;
}
declare module 'node:*';
`;
