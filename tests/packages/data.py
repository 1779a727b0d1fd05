# SPDX-License-Identifier: MIT
"""Exercises: arrays, tables, pictures."""

import io

from exercises import exercise


@exercise
def contourpy():
    import contourpy

    z = [[x * y for x in range(20)] for y in range(20)]
    generator = contourpy.contour_generator(z=z)
    return generator, [generator.lines(level) for level in range(0, 300, 50)]


@exercise
def duckdb():
    import duckdb

    base = duckdb.connect()
    base.execute("create table t as select range as n, 'row ' || range as s from range(1000)")
    rows = base.execute("select n % 7 as k, count(*), max(s) from t group by k").fetchall()
    assert len(rows) == 7
    return base, rows, base.sql("select * from t where n > 500")


@exercise
def h5py():
    import h5py
    import numpy

    file = h5py.File("exercise.h5", "w", driver="core", backing_store=False)
    group = file.create_group("measured")
    data = group.create_dataset("values", data=numpy.arange(1000).reshape(10, 100))
    data.attrs["unit"] = "m"
    return file, group, data, data[3], dict(data.attrs)


@exercise
def matplotlib():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2)
    axes[0].plot(range(100), [x * x for x in range(100)], label="square")
    axes[0].legend()
    axes[1].hist([1, 2, 2, 3, 3, 3])
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return figure, axes, out


@exercise
def networkx():
    import networkx

    graph = networkx.gnm_random_graph(300, 900, seed=1)
    paths = dict(networkx.all_pairs_shortest_path_length(graph, cutoff=2))
    return graph, paths, networkx.pagerank(graph)


@exercise
def numpy():
    import numpy

    class Thing:
        def __init__(self, n):
            self.name = f"thing {n}"

    class Field(Thing):
        pass

    objects = numpy.array([Thing(n) for n in range(2000)], dtype=object).reshape(40, 50)
    view = objects[3:9, ::2]  # its base holds the rest
    record = numpy.zeros(100, dtype=[("name", object), ("n", "i4"), ("more", object, 2)])
    record["name"] = [f"record {n}" * 2 for n in range(100)]
    record["more"] = [[Field(n), {"n": n}] for n in range(100)]
    plain = numpy.linspace(0, 1, 10_000)
    return [view, record[::3], numpy.fft.fft(plain)[:10], numpy.random.default_rng(1),
            numpy.ma.masked_array([1, 2, 3], [0, 1, 0]), numpy.nditer(plain),
            objects[1].flat, numpy.frompyfunc(lambda x: (x, x), 1, 2)]


@exercise
def pandas():
    import pandas

    table = pandas.DataFrame({
        "city": [f"city {n % 30}" for n in range(3000)],
        "what": pandas.Series([{"n": n} for n in range(3000)], dtype=object),
        "amount": [n * 1.5 for n in range(3000)],
        "day": pandas.date_range("2024-01-01", periods=3000, freq="h"),
    })
    groups = table.groupby("city")
    sums = groups["amount"].agg(["sum", "mean"])
    return [table, groups, sums, table.set_index("day")["amount"].resample("D").sum(),
            table.pivot_table(index="city", values="amount", aggfunc="max")]


@exercise
def pillow():
    from PIL import Image, ImageDraw, ImageFilter

    image = Image.new("RGB", (200, 200), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 20, 180, 180), fill="red")
    out = io.BytesIO()
    image.save(out, "PNG")
    again = Image.open(io.BytesIO(out.getvalue()))
    return image, draw, again, again.filter(ImageFilter.BLUR), image.histogram()


@exercise
def polars():
    import polars

    table = polars.DataFrame({"k": [n % 7 for n in range(1000)], "n": range(1000),
                              "s": [f"text {n}" for n in range(1000)]})
    lazy = table.lazy().filter(polars.col("n") > 10).group_by("k").agg(polars.len())
    return table, lazy, lazy.collect(), table["s"].to_list()


@exercise
def pyarrow():
    import pyarrow
    import pyarrow.compute

    table = pyarrow.table({"n": list(range(1000)), "s": [f"text {n}" for n in range(1000)]})
    out = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    again = pyarrow.ipc.open_stream(out.getvalue()).read_all()
    return [table, again, pyarrow.compute.sum(again["n"]), again.to_pylist(),
            pyarrow.schema([("a", pyarrow.list_(pyarrow.int8()))])]


@exercise
def scikit_learn():
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = make_classification(200, random_state=1)
    model = make_pipeline(StandardScaler(), RandomForestClassifier(10, random_state=1))
    model.fit(x, y)
    return model, model.predict(x)


@exercise
def scipy():
    import numpy
    from scipy import interpolate, optimize, sparse, spatial

    matrix = sparse.random(100, 100, 0.1, format="csr", random_state=1)
    tree = spatial.cKDTree(numpy.random.default_rng(1).random((100, 3)))
    best = optimize.minimize(lambda v: (v[0] - 1) ** 2 + v[1] ** 2, [0, 0])
    curve = interpolate.CubicSpline(range(10), [n * n for n in range(10)])
    return matrix, tree, best, curve, tree.query([0, 0, 0], 5)


@exercise
def shapely():
    import shapely

    circles = [shapely.Point(n, n).buffer(2) for n in range(50)]
    tree = shapely.STRtree(circles)
    return circles, tree, shapely.union_all(circles), tree.query(circles[3])
