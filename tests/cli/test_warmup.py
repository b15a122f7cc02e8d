from pathlib import Path


def test_compiles_what_is_asked_for_and_finds_it_again(run, tmp_path, monkeypatch) -> None:
    from elman.kernels import cache

    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path / "kernels"))
    monkeypatch.setattr(cache, "_loaded", {})
    from elman.kernels import compiled, pool

    compiled.compiled_cell.cache_clear()
    compiled.compiled_linear.cache_clear()
    pool._code.cache_clear()
    status, out, err = run("warmup", "--cell", "gru", "--cell", "elman", "--dtype", "float64")
    assert (status, err) == (0, "")
    cells, dtypes = zip(*(line.split()[:2] for line in out.splitlines()), strict=True)
    assert (cells, set(dtypes)) == (("gru", "elman"), {"float64"})
    assert all(Path(line.split()[-1]).read_text(encoding="utf-8").startswith("; ModuleID") for line in out.splitlines())
    assert len(list((tmp_path / "kernels").glob("pool-*.o"))) == 1
    objects = sorted(path.name.split("-")[1] for path in (tmp_path / "kernels").glob("layer-*.o"))
    assert objects == ["elman", "gru"]


def test_a_cell_or_dtype_that_is_not_there(refused) -> None:
    assert "--cell is 'lsm', expected one of elman, elman_relu, lstm" in refused("warmup", "--cell", "lsm")
    assert "--dtype is 'float16', expected one of float32, float64" in refused("warmup", "--dtype", "float16")
