"""Settings: the defaults, the wearer's file on top, the environment on top of both; mistakes are named."""

import pytest

from config.errors import SettingsError
from config.profile import Profile, load_profile, save_profile
from config.settings import Settings, load_settings


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "settings.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_defaults_are_good_and_complete(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings = load_settings()
    assert settings.slouch.nudge_after_s == 60
    assert settings.sitting.remind_after_s == 1800


def test_a_file_needs_only_the_lines_that_differ(write):
    settings = load_settings(write("[slouch]\nnudge_after_s = 90\n"))
    assert settings.slouch.nudge_after_s == 90
    assert settings.slouch.leave_share == 0.6


def test_the_environment_goes_before_the_file(write, monkeypatch):
    monkeypatch.setenv("LUMBAR_MQTT__PORT", "1999")
    settings = load_settings(write("[mqtt]\nport = 1884\nhost = 'home'\n"))
    assert (settings.mqtt.port, settings.mqtt.host) == (1999, "home")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[slouch]\nentry_deg = 'many'\n", "slouch.entry_deg"),
        ("[slouch]\nentry_deg = '10'\n", "slouch.entry_deg"),
        ("[slouch]\nentry_deg = nan\n", "slouch.entry_deg"),
        ("[slouch]\nentry = 10\n", "there is no setting slouch.entry"),
        ("[nothing]\na = 1\n", "there is no setting nothing"),
        ("slouch = 3\n", "slouch"),
        ("[sitting]\nbreak_s = -1\n", "sitting.break_s"),
        ("[bend]\nbands_deg = [45, 20]\n", "bands must rise"),
        ("[wearer]\ntime_zone = 'Mars/Olympus'\n", "no time zone is called"),
        ("[wearer]\nid = 'a/b'\n", "wearer.id"),
        ("[slouch\n", "not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_its_file(write, text, words):
    path = write(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match="there is no such file"):
        load_settings(tmp_path / "none.toml")


def test_settings_cannot_be_changed():
    settings = load_settings()
    assert isinstance(settings, Settings)
    with pytest.raises(ValueError, match="frozen"):
        settings.slouch.entry_deg = 3.0


def test_a_profile_comes_back_as_it_was_written(tmp_path):
    profile = Profile(
        wearer="anna",
        upright=(0.0, 0.6, 0.8),
        forward=(1.0, 0.0, 0.0),
        gyr_bias_rad_s=(0.01, -0.02, 1e-7),
        walking=(0.0, 0.8, 0.6),
        upright_sitting_deg=-8.25,
        slouched_sitting_deg=-24.5,
    )
    save_profile(profile, tmp_path / "anna.toml")
    assert load_profile(tmp_path / "anna.toml") == profile


def test_a_profile_that_lacks_something_says_what(tmp_path):
    path = tmp_path / "anna.toml"
    path.write_text("wearer = 'anna'\nupright = [0, 0, 1]\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"anna\.toml: forward"):
        load_profile(path)


def test_a_profile_that_cannot_be_written_says_so(tmp_path):
    profile = Profile(wearer="anna", upright=(0.0, 0.0, 1.0), forward=(1.0, 0.0, 0.0))
    with pytest.raises(SettingsError, match="cannot be written"):
        save_profile(profile, tmp_path / "nowhere" / "anna.toml")
