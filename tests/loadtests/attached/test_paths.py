"""Which model a URL names, and which version of it."""

import pytest

from serveoff.loadtests.attached import paths


@pytest.mark.parametrize(
    ("path", "name", "version", "label"),
    [
        ("/m", "m", "", ""),
        ("/m/versions/3", "m", "3", ""),
        ("/m/labels/stable", "m", "", "stable"),
        ("/m/versions/3:predict", "m", "3", ""),
        ("/v1/models/m/versions/3", "m", "3", ""),
        ("/v1/models/m/versions/3:predict", "m", "3", ""),
        ("/v1/models/m/labels/canary:predict", "m", "", "canary"),
        ("/v2/models/m/infer", "m", "", ""),
        ("/v2/models/m/versions/v10/infer", "m", "v10", ""),
        ("/predictions/m", "m", "", ""),
        ("/predictions/m/2.0", "m", "2.0", ""),
        ("/v1/models/versions", "versions", "", ""),
        ("/v1/models/labels/versions/3", "labels", "3", ""),
        ("/", "", "", ""),
    ],
)
def test_a_path_names_a_model_and_which_of_its_versions(path, name, version, label):
    assert paths.model_in(path) == name
    assert paths.parts(paths.versioned_model_in(path)) == (name, version, label)


def test_a_label_is_told_where_an_api_has_none():
    assert paths.name_and_version("m/versions/3") == ("m", "3")
    with pytest.raises(ValueError, match=r"no label stable of m: name a version in the URL, /m/versions/N"):
        paths.name_and_version("m/labels/stable")
