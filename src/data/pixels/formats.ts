/** A format of image files, by the name that people know it by. */
export interface ImageFormat {
  readonly name: string;
  /** Endings of its files. */
  readonly endings: readonly string[];
  /** True if its first bytes are these, which settles the format of a file without an extension. */
  readonly begins?: (bytes: Buffer) => boolean;
  readonly decoded: boolean;
}

/** So many bytes tell a format. */
export const headBytes = 512;

const at = (offset: number, ...texts: readonly string[]) => {
  const wanted = texts.map((text) => Buffer.from(text, 'latin1'));
  return (bytes: Buffer): boolean =>
    wanted.some((text) => bytes.subarray(offset, offset + text.length).equals(text));
};

const isRiff = at(0, 'RIFF');
const isBox = at(4, 'ftyp');

/** The brands of an ISO container, of which the first is its own. */
function brandsOf(bytes: Buffer): string[] {
  if (!isBox(bytes)) return [];
  const end = Math.min(bytes.length, bytes.readUInt32BE(0));
  const brands = [bytes.toString('latin1', 8, 12)];
  for (let from = 16; from + 4 <= end; from += 4)
    brands.push(bytes.toString('latin1', from, from + 4));
  return brands;
}

const branded = (...wanted: readonly string[]) => {
  return (bytes: Buffer): boolean => brandsOf(bytes).some((brand) => wanted.includes(brand));
};

/** `BM` begins many a text; the size of its second header is one of a few. */
function isBitmap(bytes: Buffer): boolean {
  if (!at(0, 'BM')(bytes) || bytes.length < 18) return false;
  return [12, 16, 40, 52, 56, 64, 108, 124].includes(bytes.readUInt32LE(14));
}

/** An icon's file has as many entries as it says, the first right behind them. */
function isIcon(bytes: Buffer): boolean {
  if (!at(0, '\0\0\x01\0', '\0\0\x02\0')(bytes) || bytes.length < 22) return false;
  const count = bytes.readUInt16LE(4);
  return count > 0 && count < 256 && bytes[9] === 0 && bytes.readUInt32LE(18) >= 6 + 16 * count;
}

function isSvg(bytes: Buffer): boolean {
  const text = bytes.toString('latin1').replaceAll('\0', '');
  return /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*</.test(text) && /<(?:\w+:)?svg[\s>]/i.test(text);
}

/** The first that fits is the format: AVIF before HEIC, whose brands it may list, too. */
const formats: readonly ImageFormat[] = [
  decoded('JPEG', 'jpg jpeg jpe jfif jif jfi pjpeg pjp', at(0, '\xff\xd8\xff')),
  decoded('PNG', 'png apng', at(0, '\x89PNG\r\n\x1a\n')),
  decoded('WebP', 'webp', (bytes) => isRiff(bytes) && at(8, 'WEBP')(bytes)),
  decoded('GIF', 'gif', at(0, 'GIF87a', 'GIF89a')),
  refused(
    'camera raw',
    'cr2 cr3 crw nef nrw arw srf sr2 dng orf rw2 raf pef srw x3f 3fr iiq',
    (bytes) =>
      at(8, 'CR\x02')(bytes) ||
      at(0, 'FUJIFILMCCD-RAW', 'IIRO', 'IIU\0', 'FOVb')(bytes) ||
      branded('crx ')(bytes),
  ),
  decoded('TIFF', 'tif tiff', at(0, 'II*\0', 'MM\0*', 'II+\0', 'MM\0+')),
  decoded('AVIF', 'avif avifs', branded('avif', 'avis')),
  decoded('BMP', 'bmp dib', isBitmap),
  refused(
    'HEIC',
    'heic heif hif heics heifs',
    branded('heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1'),
  ),
  refused(
    'JPEG 2000',
    'jp2 j2k j2c jpc jpf jpx jpm jph',
    at(0, '\0\0\0\fjP  \r\n\x87\n', '\xff\x4f\xff\x51'),
  ),
  refused('JPEG XL', 'jxl', at(0, '\xff\x0a', '\0\0\0\fJXL \r\n\x87\n')),
  refused('JPEG XR', 'jxr wdp hdp', at(0, 'II\xbc\x01')),
  refused('SVG', 'svg svgz', isSvg),
  refused('Photoshop', 'psd psb', at(0, '8BPS')),
  refused('icon', 'ico cur icns', (bytes) => isIcon(bytes) || at(0, 'icns')(bytes)),
  refused('PNM', 'ppm pgm pbm pnm pam pfm', (bytes) =>
    /^P[1-7Ff][\s#]/.test(bytes.toString('latin1', 0, 3)),
  ),
  refused('TGA', 'tga targa'),
  refused('OpenEXR', 'exr', at(0, 'v/1\x01')),
  refused('Radiance', 'rgbe', at(0, '#?RADIANCE', '#?RGBE')),
  refused('DDS', 'dds', at(0, 'DDS ')),
  refused('QOI', 'qoi', at(0, 'qoif')),
  refused('PCX', 'pcx'),
  refused('FITS', 'fits', at(0, 'SIMPLE  =')),
  refused('DICOM', 'dcm dicom', at(128, 'DICM')),
  refused('BPG', 'bpg', at(0, 'BPG\xfb')),
  refused('FLIF', 'flif', at(0, 'FLIF')),
];

function decoded(name: string, endings: string, begins: ImageFormat['begins']): ImageFormat {
  return { name, endings: endings.split(' '), ...(begins && { begins }), decoded: true };
}

function refused(name: string, endings: string, begins?: ImageFormat['begins']): ImageFormat {
  return { name, endings: endings.split(' '), ...(begins && { begins }), decoded: false };
}

const byEnding = new Map(formats.flatMap((own) => own.endings.map((ending) => [ending, own])));

/** Endings of files that lie beside images and are never opened: texts, tables, weights, archives, films. */
const otherEndings = new Set(
  (
    'txt text md rst log out err csv tsv json jsonl ndjson geojson xml html htm xhtml css js mjs ts yml yaml toml ' +
    'ini cfg conf properties xmp aae exif iptc nfo mat npy npz pkl pickle ' +
    'h5 hdf5 hdf parquet arrow feather avro db sqlite sqlite3 mdb lmdb tfrecord tfrecords pt pth ' +
    'ckpt onnx safetensors pb zip tar gz tgz bz2 xz zst 7z rar iso mp4 m4v mov avi mkv webm mpg mpeg wmv ' +
    'flv 3gp mp3 wav flac ogg m4a aac pdf ps eps ai doc docx odt xls xlsx ods ppt pptx odp rtf tex bib py pyc ' +
    'ipynb sh bat cmd ps1 c h cpp hpp java exe dll so dylib url lnk webloc desktop torrent md5 sha1 sha256 ' +
    'sha512 sum sig asc'
  ).split(' '),
);

/**
 * Format by a file's extension, `other` if it is not an image, or undefined if its first bytes must
 * tell.
 */
export function formatByName(name: string): ImageFormat | 'other' | undefined {
  const dot = name.lastIndexOf('.');
  if (dot < 0) return undefined;
  const ending = name.slice(dot + 1).toLowerCase();
  return byEnding.get(ending) ?? (otherEndings.has(ending) ? 'other' : undefined);
}

/** Format of a file by its first bytes, `headBytes` of them; undefined if they are of no known one. */
export function formatByBytes(bytes: Buffer): ImageFormat | undefined {
  return formats.find(({ begins }) => begins?.(bytes) === true);
}

/** Why images of a format cannot be read: `HEIC is not decoded: convert ...`. */
export function refusalOf({ name }: ImageFormat): string {
  return `the format ${name} is not supported: convert it to PNG or JPEG`;
}

const plainImage = new RegExp(
  `^[^.\uFFFD][^\uFFFD]*\\.(?:${formats.flatMap(({ decoded: own, endings }) => (own ? endings : [])).join('|')})$`,
  'i',
);

/** Settles the usual case fast: a name that is not hidden, with an ending of what is decoded. */
export function isPlainImage(name: string): boolean {
  return plainImage.test(name);
}

const decodedNames = formats.filter(({ decoded: own }) => own).map(({ name }) => name);

/** `JPEG, PNG or BMP`: the formats that are decoded. */
export const decodedFormats = `${decodedNames.slice(0, -1).join(', ')} or ${decodedNames.at(-1) ?? ''}`;
