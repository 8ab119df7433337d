"""The list of the wearer's own sensors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import SettingsError
from config.known_sensors import KnownSensor, load_known_sensors, save_known_sensors

SENSORS = st.builds(
    KnownSensor,
    name=st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True),
    driver=st.sampled_from(["lsp", "movesense"]),
    address=st.sampled_from(["C0:00:00:00:00:01", "6B29FC40-CA47-1067-B31D-00DD010662DA"]),
    serial=st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=20),
    settings=st.dictionaries(
        st.sampled_from(["rate_hz", "range_g"]), st.floats(allow_nan=False, allow_infinity=False), max_size=2
    ),
)


@given(sensors=st.lists(SENSORS, max_size=3))
def test_sensors_come_back_as_they_were_written(tmp_path_factory, sensors):
    path = tmp_path_factory.mktemp("sensors") / "sensors.toml"
    save_known_sensors(path, tuple(sensors))
    assert load_known_sensors(path) == tuple(sensors)


def test_without_a_file_there_are_none(tmp_path):
    assert load_known_sensors(tmp_path / "sensors.toml") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[sensor]]\nname = 'a b'\ndriver = 'lsp'\naddress = 'C0:00:00:00:00:01'", "sensor.0.name"),
        ("[[sensor]]\nname = 'a'\ndriver = 'lsp'", "sensor.0.address: Field required"),
        ("sensor = 3", "sensor"),
        ("[[sensor", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_named_with_what_to_do(tmp_path, text, words):
    path = tmp_path / "sensors.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=words):
        load_known_sensors(path)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SettingsError, match="cannot be written"):
        save_known_sensors(tmp_path / "no" / "sensors.toml", ())
