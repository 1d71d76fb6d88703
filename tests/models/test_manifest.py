import pytest

from churn_spark.definitions.errors import ModelError
from churn_spark.models.manifest import check_manifest, write_manifest


@pytest.fixture
def saved(tmp_path):
    (tmp_path / "sparkml" / "data").mkdir(parents=True)
    (tmp_path / "sparkml" / "data" / "part-0").write_bytes(b"coefficients")
    (tmp_path / "model.json").write_text("{}")
    return tmp_path, write_manifest(tmp_path)


def test_an_untouched_model_passes(saved):
    check_manifest(*saved)


def test_an_altered_file_is_named(saved):
    folder, known = saved
    (folder / "sparkml" / "data" / "part-0").write_bytes(b"coefficientz")
    with pytest.raises(ModelError, match="sparkml/data/part-0"):
        check_manifest(folder, known)


def test_an_added_file_is_named(saved):
    folder, known = saved
    (folder / "sparkml" / "data" / "part-1").write_bytes(b"more trees")
    with pytest.raises(ModelError, match="sparkml/data/part-1"):
        check_manifest(folder, known)


def test_a_manifest_written_anew_over_altered_files_is_refused(saved):
    folder, known = saved
    (folder / "model.json").write_text('{"calibrator": "mine"}')
    write_manifest(folder)
    with pytest.raises(ModelError, match="not the one that was registered"):
        check_manifest(folder, known)


def test_a_lost_manifest_is_refused(saved):
    folder, known = saved
    (folder / "manifest.json").unlink()
    with pytest.raises(ModelError, match=r"has no manifest\.json"):
        check_manifest(folder, known)
