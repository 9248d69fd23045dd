#!/bin/sh
# csv-parse's info.lines counts a CRLF inside a quoted field as two lines, in files whose every other line end counts once.
#
# What: with `info: true`, a record's info.lines is documented as the number of lines processed. In a file with LF it is
#   the line that an editor shows for the end of the record. In the same file with CRLF, each line break inside quotes
#   adds 2, one for CR and one for LF, while the ends of records add 1; so every number after a quoted line break is
#   too high by one for each such break, whether the record delimiter is found by itself, given as "\r\n" or as a list.
# Versions: csv-parse 7.0.3, Node 20.20.2.
# Date: 2026-11-30. Seen on: Linux x64 (Debian 12).
# A good guess would have been: a line break counts once wherever it stands, as for LF.
# Why it matters: an importer that tells its user "line 4217 is wrong" by this number points at another line in files
#   that Windows programs wrote; counting the breaks of the records' own cells does not mend it unless CRLF is known.
# Exit: 0 as stated, 1 different, 2 could not be run.
set -u
fail() { echo "could not be run: $*" >&2; exit 2; }
command -v npm > /dev/null || fail 'needs Node.js (20 or later) and npm'
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir" || exit 2
echo '{ "private": true, "type": "module" }' > package.json
npm install --no-audit --no-fund --loglevel=error csv-parse@7.0.3 >&2 || fail 'npm install failed'

cat > main.mjs <<'END'
import { parse } from 'csv-parse/sync';
// The third record ends at line 5 of the file: two of its fields hold a line break.
const lines = ['id,text', '1,plain', '2,"one', 'two', 'three"', '3,last'];
const delimiters = { found: {}, CRLF: { record_delimiter: '\r\n' }, list: { record_delimiter: ['\r\n', '\n'] } };
let differs = false;
function see(what, got, stated) {
  const same = JSON.stringify(got) === JSON.stringify(stated);
  if (!same) differs = true;
  console.log(`${what}: ${JSON.stringify(got)}${same ? '' : `   DIFFERS, stated: ${JSON.stringify(stated)}`}`);
}
const numbers = (end, options) => parse(lines.join(end) + end, { ...options, info: true }).map(({ info }) => info.lines);
console.log('last line of each record, as an editor counts: [1,2,5,6]');
see('LF', numbers('\n', {}), [1, 2, 5, 6]);
for (const [name, options] of Object.entries(delimiters))
  see(`CRLF, record delimiter ${name}`, numbers('\r\n', options), [1, 2, 7, 8]);
process.exit(differs ? 3 : 0);
END
node main.mjs
case $? in 0) exit 0 ;; 3) exit 1 ;; *) exit 2 ;; esac
