#!/bin/sh
# onnxruntime's Resize, nearest with half_pixel and floor, takes the pixel before the middle one at some sizes.
#
# What: 7 pixels to 1 have their middle at place (0 + 0.5) * 7 - 0.5 = 3, a whole number, so that every nearest_mode
#   should give pixel 3. With nearest_mode floor onnxruntime gives pixel 2: it divides by the float32 scale 1/7, and
#   0.5 / 0.142857149 - 0.5 = 2.9999998. So 13 to 1 gives 5 and not 6, 15 to 1 gives 6 and not 7, 14 to 2 gives 2 10 and
#   not 3 10, 10 to 6 gives 0 2 3 5 6 8 and not 0 2 3 5 7 8; 9 and 11 to 1 are right. Of all sizes from 3 to 64 shrunk to
#   all smaller ones 77 pairs differ. It is the same whether sizes or scales are given.
# Versions: onnxruntime-node 1.29.0 (CPU), protobufjs 8.0.0 to write the models, Node 20.20.2.
# Date: 2026-12-01. Seen on: Linux x64 (Debian 12).
# A good guess would have been: a place that is a whole number is taken as it is, since it is exact in float32, too.
# Why it matters: PyTorch's nearest-exact is this mode (floor of (i + 0.5) * n / m, which gives 3), and label maps and masks
#   shrunk by an odd factor are off by one pixel; an importer that computes places in double precision differs.
# Exit: 0 as stated, 1 different, 2 could not be run.
set -u
fail() { echo "could not be run: $*" >&2; exit 2; }
command -v npm > /dev/null || fail 'needs Node.js (20 or later) and npm'
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM
cd "$dir" || exit 2
echo '{ "private": true }' > package.json
export ONNXRUNTIME_NODE_INSTALL=skip ORT_DISABLE_TELEMETRY=1
npm install --no-audit --no-fund --loglevel=error onnxruntime-node@1.29.0 protobufjs@8.0.0 >&2 || fail 'npm install failed'

cat > main.mjs <<'END'
import ort from 'onnxruntime-node';
import protobuf from 'protobufjs';
const { root } = protobuf.parse(`syntax="proto2"; package onnx;
message AttributeProto { optional string name=1; optional bytes s=4; optional int32 type=20; }
message NodeProto { repeated string input=1; repeated string output=2; optional string op_type=4; repeated AttributeProto attribute=5; }
message TensorProto { repeated int64 dims=1; optional int32 data_type=2; repeated float float_data=4 [packed=true]; repeated int64 int64_data=7 [packed=true]; optional string name=8; }
message Dim { optional int64 dim_value=1; } message Shape { repeated Dim dim=1; }
message Tensor { optional int32 elem_type=1; optional Shape shape=2; } message Type { optional Tensor tensor_type=1; }
message ValueInfo { optional string name=1; optional Type type=2; }
message Graph { repeated NodeProto node=1; optional string name=2; repeated TensorProto initializer=5; repeated ValueInfo input=11; repeated ValueInfo output=12; }
message Opset { optional string domain=1; optional int64 version=2; }
message Model { optional int64 ir_version=1; optional Graph graph=7; repeated Opset opset_import=8; }`);
const Model = root.lookupType('onnx.Model');
const info = (name, size) => ({ name, type: { tensorType: { elemType: 1, shape: { dim: [1, 1, 1, size].map((dimValue) => ({ dimValue })) } } } });
const text = (name, s) => ({ name, type: 3, s: Buffer.from(s) });
async function nearest(from, to, rounding, by) {
  const sizes = { name: 'r', dims: [4], dataType: 7, int64Data: [1, 1, 1, to] };
  const scales = { name: 'r', dims: [4], dataType: 1, floatData: [1, 1, 1, to / from] };
  const bytes = Model.encode({ irVersion: 8, opsetImport: [{ domain: '', version: 13 }], graph: { name: 'g',
    node: [{ opType: 'Resize', input: by === 'sizes' ? ['x', '', '', 'r'] : ['x', '', 'r'], output: ['y'],
      attribute: [text('mode', 'nearest'), text('coordinate_transformation_mode', 'half_pixel'), text('nearest_mode', rounding)] }],
    initializer: [by === 'sizes' ? sizes : scales], input: [info('x', from)], output: [info('y', to)] } }).finish();
  const session = await ort.InferenceSession.create(bytes);
  const x = Float32Array.from({ length: from }, (_, i) => i);
  const { y } = await session.run({ x: new ort.Tensor('float32', x, [1, 1, 1, from]) });
  return [...y.data].join(' ');
}
let differs = false;
const see = (what, got, stated, exact) => {
  if (got !== stated) differs = true;
  console.log(`${what}: ${got} (exact places: ${exact})${got === stated ? '' : `   DIFFERS, stated: ${stated}`}`);
};
for (const [from, to, stated, exact] of [[7, 1, '2', '3'], [13, 1, '5', '6'], [15, 1, '6', '7'], [14, 2, '2 10', '3 10'], [10, 6, '0 2 3 5 6 8', '0 2 3 5 7 8'], [9, 1, '4', '4'], [11, 1, '5', '5']])
  for (const by of ['sizes', 'scales']) see(`${from} to ${to}, floor, by ${by}`, await nearest(from, to, 'floor', by), stated, exact);
see('7 to 1, round_prefer_floor', await nearest(7, 1, 'round_prefer_floor', 'sizes'), '3', '3');
process.exit(differs ? 3 : 0);
END
node main.mjs
case $? in 0) exit 0 ;; 3) exit 1 ;; *) exit 2 ;; esac
