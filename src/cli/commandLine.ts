/** A command line that a person can copy: flags without a value are left out, lists are flags said again. */
export function commandLine(
  command: string,
  positional: readonly string[],
  flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>> = {},
): string {
  const given = Object.entries(flags).flatMap(([flag, value]) => {
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${flag}`];
    return [value].flat().map((one) => `--${flag} ${quote(one)}`);
  });
  return ['gradus', command, ...positional.map(quote), ...given].join(' ');
}

/** As a shell reads it back. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
