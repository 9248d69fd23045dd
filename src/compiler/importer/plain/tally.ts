/** Counts what is left out or assumed, and says it in a sentence each. */
export type Tallied =
  | 'branch'
  | 'dropout'
  | 'cast'
  | 'quantisation'
  | 'quantised'
  | 'relu'
  | 'dynamic'
  | 'reshape'
  | 'row'
  | 'half';

const sentences: Readonly<Record<Tallied, (count: string, detail: string) => string>> = {
  branch: (count) => `${count} of If was chosen, since its condition is constant`,
  dropout: (count, detail) => `${count} of Dropout${detail} left out: in inference they do nothing`,
  cast: (count) =>
    `${count} of Cast to float16, bfloat16 or float64 left out: the import computes in float32`,
  quantisation: (count) =>
    `${count} of quantisation and its inverse around activations left out: the import computes in float32`,
  quantised: (count) =>
    `${count} of a quantised operator computed in float32, with dequantised weights`,
  relu: (count) =>
    `${count} of a quantised activation that begins at 0 got the ReLU that quantisation had taken away`,
  dynamic: (count) => `${count} of dynamic quantisation left out: the import computes in float32`,
  reshape: (count) => `${count} of Reshape had the file's batch among the sizes, which was freed`,
  row: (count) =>
    `${count} of a constant had a row for each image of the file's batch; one row stands for all`,
  half: (count) => `${count} of a weight in float16, bfloat16 or float64 read as float32`,
};

export class Tally {
  readonly #counts = new Map<Tallied, Map<string, number>>();

  /** Counts one more; `detail` is told with it. */
  add(kind: Tallied, detail = ''): void {
    const details = this.#counts.get(kind) ?? new Map<string, number>();
    details.set(detail, (details.get(detail) ?? 0) + 1);
    this.#counts.set(kind, details);
  }

  sentences(): string[] {
    return [...this.#counts].flatMap(([kind, details]) => {
      const total = [...details.values()].reduce((a, b) => a + b, 0);
      const named = [...details].filter(([detail]) => detail !== '');
      const detail = named
        .map(([text, count]) => (named.length > 1 ? `${text} (${count})` : text))
        .join(', ');
      const text = sentences[kind](
        `${total} ${total === 1 ? 'node' : 'nodes'}`,
        detail && ` with ${detail}`,
      );
      return text === '' ? [] : [text];
    });
  }
}
