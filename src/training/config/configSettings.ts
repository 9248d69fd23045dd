import type { KeyLocator } from '../../language/frontend/configKeys.js';
import { ConfigError } from '../../support/errors.js';
import { isObject } from '../../support/objects.js';
import { plainOptimizer } from './config.js';

/** A key of a config and its value, whatever the file says. */
export interface ConfigSetting {
  /** `['students', '0', 'ratio']` */
  readonly path: readonly string[];
  /** Undefined leaves the key out. */
  readonly value: unknown;
  /** Place where it was set, such as `--set noise.cutout`; for messages. */
  readonly where: string;
}

/** A config with settings put in, and where its keys come from now. */
export interface SetConfig {
  readonly config: unknown;
  readonly locate: KeyLocator;
}

/** A setting, and the outermost key that would not be there without it. */
interface Applied {
  readonly made: readonly string[];
  readonly where: string;
}

/**
 * Puts settings into a config as it is written, one after another; the objects of the file stay as they
 * are. Throws a ConfigError of a key below something that has no keys.
 */
export function withSettings(
  written: unknown,
  settings: readonly ConfigSetting[],
  locate: KeyLocator,
): SetConfig {
  let config = written;
  const applied: Applied[] = [];
  for (const setting of settings) {
    applied.push({ made: madeBy(config, setting.path), where: setting.where });
    config = put(config, setting, 0);
  }
  return {
    config,
    locate: (path) =>
      applied.findLast(({ made }) => made.every((key, depth) => key === String(path[depth])))
        ?.where ?? locate(path),
  };
}

/** Tells of settings in an error that may come from them. */
export function explainSettings(error: unknown, settings: readonly ConfigSetting[]): unknown {
  if (!(error instanceof ConfigError) || settings.length === 0) return error;
  const { message, code, where, hint, notes } = error;
  const said = `${message}\n${typeof where === 'string' ? where : ''}\n${notes.join('\n')}`;
  const others = settings.filter((setting) => !said.includes(setting.where));
  const asText = 'values are parsed as JSON if possible: write \'"7"\' for the text 7';
  return new ConfigError(message, {
    ...{ code, where, cause: error },
    hint: others.length === settings.length ? hint : `${hint ? `${hint}; ` : ''}${asText}`,
    notes: [...notes, ...others.map((setting) => `with ${setting.where}`)],
  });
}

/** The part of a path up to the first key that a config lacks; all of it if none is missing. */
function madeBy(config: unknown, path: readonly string[]): readonly string[] {
  let at = config;
  for (const [depth, key] of path.entries()) {
    at = plainOptimizer(at);
    const inside = typeof at === 'object' && at !== null ? at : {};
    if (!Object.hasOwn(inside, key)) return path.slice(0, depth + 1);
    at = Reflect.get(inside, key);
  }
  return path;
}

function put(value: unknown, setting: ConfigSetting, depth: number): unknown {
  const key = setting.path[depth];
  if (key === undefined) return setting.value;
  const at = plainOptimizer(value) ?? {};
  if (Array.isArray(at)) {
    const items: readonly unknown[] = at;
    const index = indexOf(items, key, setting, depth);
    return items.with(index, put(items[index], setting, depth + 1));
  }
  if (!isObject(at)) throw noKeys(at, setting, depth);
  const own = Object.hasOwn(at, key) ? at[key] : undefined;
  return { ...at, [key]: put(own, setting, depth + 1) };
}

function indexOf(
  items: readonly unknown[],
  key: string,
  { path, where }: ConfigSetting,
  depth: number,
): number {
  if (/^\d+$/.test(key) && Number(key) < items.length) return Number(key);
  const list = path.slice(0, depth).join('.');
  const last = items.length - 1;
  throw new ConfigError(
    `${list} is a list of ${items.length} items, and ${key} is not the number of one`,
    {
      ...{ code: 'config', where },
      hint:
        last < 0
          ? `set ${list} as a whole, as a JSON list`
          : `items count from 0 to ${last}; ${list} can also be set as a whole, as a JSON list`,
    },
  );
}

function noKeys(value: unknown, { path, where }: ConfigSetting, depth: number): ConfigError {
  const parent = path.slice(0, depth).join('.') || 'the config';
  return new ConfigError(`${parent} is ${JSON.stringify(value)}, which has no keys`, {
    ...{ code: 'config', where },
    hint: `set ${parent} as a whole, as a JSON object`,
  });
}
