import type { ConfigSetting } from '../training/config/configSettings.js';
import { ConfigError } from '../support/errors.js';
import { badValue } from './options.js';

/** Flags that say a key of a config, beside `--set`. */
const ownFlags = ['seed', 'device'] as const;

type SettingArguments = Readonly<Partial<Record<(typeof ownFlags)[number], string | undefined>>> & {
  readonly set?: string | readonly string[] | undefined;
};

/** Each `--set KEY=VALUE` of a command line, in their order; null leaves a key out. Throws a ConfigError. */
export function settingsOf(args: SettingArguments): ConfigSetting[] {
  const settings = textsOf(args).map(settingOf);
  for (const flag of ownFlags)
    if (args[flag] !== undefined && settings.some(({ path }) => path[0] === flag))
      throw new ConfigError(`--${flag} and --set ${flag} set the same key`, {
        code: 'usage',
        where: `--set ${flag}`,
        hint: 'pass one of them',
      });
  return settings;
}

/** The settings as they were given, for a command line that repeats them. */
export function textsOf({ set = [] }: SettingArguments): string[] {
  return [set].flat();
}

function settingOf(text: string): ConfigSetting {
  const equals = text.indexOf('=');
  const key = text.slice(0, Math.max(equals, 0)).trim();
  const path = key.split('.');
  if (path.includes(''))
    throw badValue('--set', text, 'pass KEY=VALUE, such as optimizer.learningRate=0.01');
  const value = valueOf(text.slice(equals + 1));
  return { path, value: value ?? undefined, where: `--set ${key}` };
}

/** JSON if it is, else the text itself. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
