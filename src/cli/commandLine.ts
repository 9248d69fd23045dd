/** A command line that a person can copy: flags without a value are left out. */
export function commandLine(
  command: string,
  positional: readonly string[],
  flags: Readonly<Record<string, string | boolean | undefined>> = {},
): string {
  const given = Object.entries(flags).flatMap(([flag, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${flag}`] : [`--${flag} ${quote(value)}`];
  });
  return ['gradus', command, ...positional.map(quote), ...given].join(' ');
}

/** As a shell reads it back. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
