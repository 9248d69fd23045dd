"""Label files as other programs write them, from one small table.

    python -m venv v && v/bin/pip install duckdb==1.5.6 polars==1.44.2 pyarrow==25.0.1 pandas==3.0.6
    v/bin/python make.py

Twelve images of three classes, with the probabilities of all of them; row i has place 11 - i.
"""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

here = Path(__file__).parent
count = 12

label = np.arange(count, dtype=np.int32) % 3
confidence = np.linspace(0.5, 0.94, count).astype(np.float32)
rest = (1 - confidence) / 2
table = pd.DataFrame(
    {
        "id": [f"images/bücher {i:02d}.jpg" for i in range(count)],
        "index": np.arange(count, dtype=np.int32)[::-1],
        "label": label,
        "confidence": confidence,
        **{f"p{c}": np.where(label == c, confidence, rest).astype(np.float32) for c in range(3)},
    }
)

db = duckdb.connect()
db.register("labels", table)


def duck(name: str, select: str = "select * from labels", **options: str) -> None:
    told = "".join(f", {key} {value}" for key, value in options.items())
    db.sql(f"copy ({select}) to '{here / name}.parquet' (format parquet{told})")


for codec in ["uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw"]:
    duck(f"duckdb-{codec}", compression=f"'{codec}'")
# Differences of numbers and of texts, byte streams, and levels of their own.
duck("duckdb-v2", parquet_version="v2", compression="'zstd'")
# Other types, in another order, with columns that nobody asked for.
duck(
    "duckdb-types",
    """select p2::decimal(9, 6) as p2, p1::double as p1, p0, confidence::double as confidence,
         sum(label) as label, max("index")::bigint as "index", id, 'x' as note, [1, 2] as list
       from labels group by all order by id""",
)
duck("duckdb-ids", 'select (100 - "index")::bigint as id, * exclude id from labels')
duck("duckdb-null", "select * replace (case when id like '%05%' then null else confidence end as confidence) from labels")
duck("duckdb-text", "select * replace (label::varchar as label) from labels")
duck("duckdb-missing", "select * exclude confidence from labels")

frame = pl.from_pandas(table)
# zstd is what polars compresses with.
frame.write_parquet(here / "polars.parquet")
frame.with_columns(
    pl.col("index").cast(pl.UInt32),
    pl.col("label").cast(pl.UInt8),
    pl.col("id").cast(pl.Categorical),
    pl.col("^p.$").cast(pl.Float64),
).write_parquet(here / "polars-types.parquet", row_group_size=5)

# pandas adds a column for an index that is not 0, 1, 2, ...
table.set_axis([f"row {i}" for i in range(count)]).to_parquet(here / "pandas.parquet")

arrow = pa.Table.from_pandas(table, preserve_index=False)
for i in range(3):
    arrow = arrow.set_column(4 + i, f"p{i}", arrow[f"p{i}"].cast(pa.float16()))
pq.write_table(
    arrow.set_column(0, "id", arrow["id"].dictionary_encode()),
    here / "pyarrow-float16.parquet",
    compression="lz4",
    data_page_version="2.0",
    row_group_size=7,
    write_page_index=True,
)
pq.write_table(
    pa.Table.from_pandas(table, preserve_index=False),
    here / "pyarrow-split.parquet",
    use_dictionary=["id"],
    column_encoding={"confidence": "BYTE_STREAM_SPLIT", "index": "DELTA_BINARY_PACKED", "label": "PLAIN"},
    data_page_size=16,
)
