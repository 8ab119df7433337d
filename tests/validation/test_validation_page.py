"""The report as a page: whole in itself, readable without eyes for colour or a script, and of the same figures."""

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from config.errors import SettingsError
from lumbar.commands.validate import run_validate
from lumbar.validation.change_score import LabelledChange
from lumbar.validation.evidence import evidence_of
from lumbar.validation.page import html_page
from lumbar.validation.scoring import validate
from posture.events import Activity

VOID = {"meta", "br", "hr", "img", "link", "input"}
FETCHES = {"src", "href", "xlink:href", "data", "poster", "action", "srcset", "background"}


class Page(HTMLParser):
    """A page taken apart; a tag that is closed out of order is an error."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.names, self.attributes, self.open_names, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open_names == []

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open_names.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.names.append(tag)
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open_names.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.attributes if name == tag]


def scored_folder(folder, settings):
    """Return a report and the evidence of it."""
    evidence = []
    report = validate(folder, settings, seen=lambda *its: evidence.append(evidence_of(*its)))
    return report, evidence


@pytest.fixture
def scored(data_set, settings):
    return lambda *about, **recordings: scored_folder(data_set(*about, **recordings), settings)


@pytest.fixture(scope="module")
def usual(data_set_in, still, settings, tmp_path_factory):
    """A report and the evidence of it: three people who keep still for all of what is labelled."""
    half = [(0, 30, "sitting"), (30, 60, "standing")]
    people = {f"p{number}_a": (still(60), half) for number in (1, 2, 3)}
    return scored_folder(data_set_in(tmp_path_factory.mktemp("usual"), **people), settings)


@pytest.fixture(scope="module")
def page(usual):
    return Page(html_page(*usual))


def test_a_page_is_whole_in_itself(page):
    assert page.text.startswith("<!DOCTYPE html>")
    assert "script" not in page.names
    assert "link" not in page.names
    named = [value for _, its in page.attributes for name, value in its.items() if name in FETCHES]
    assert named
    assert all(value.startswith("#") for value in named)
    assert "@import" not in page.text
    assert not re.search(r"url\((?!#)", page.text)


def test_no_two_things_of_a_page_have_one_name(page):
    names = [its["id"] for _, its in page.attributes if "id" in its]
    assert len(names) == len(set(names))
    targets = {value[1:] for _, its in page.attributes for name, value in its.items() if name in FETCHES}
    assert targets <= set(names)


def test_every_picture_has_words_for_those_who_cannot_see_it(page):
    pictures = page.of("svg")
    assert len(pictures) >= 4
    assert all(its["role"] == "img" and len(its["aria-label"]) > 20 for its in pictures)
    assert page.names.count("figcaption") == len(pictures)


def test_tables_have_headings(page):
    assert page.names.count("caption") == page.names.count("table") > 0
    assert {its["scope"] for its in page.of("th")} == {"col", "row"}


def test_the_ink_is_that_of_the_page_light_or_dark(page):
    assert "prefers-color-scheme: dark" in page.text
    assert "currentColor" in page.text
    assert "#010203" not in page.text


def test_the_figures_are_those_of_the_report(usual, page):
    report, _ = usual
    words = " ".join(page.words)
    posture = report.sets[0].posture
    assert f"{posture.smoothed.balanced_accuracy:.3f}" in words
    assert f"{report.sets[0].sedentary.labelled_min:.1f}" in words
    for person in posture.smoothed.people:
        assert person.person.rpartition("/")[2] in words
        for its in person.confused:
            assert f"{its.truth.value} as {its.found.value} {its.seconds_n} s" in words


def test_every_figure_says_what_of_its_data_is_simulated(scored, still):
    report, evidence = scored("model", 'synthetic = "fully synthetic"', p1_a=(still(20), [(0, 20, "sitting")]))
    page = Page(html_page(report, evidence))
    words = " ".join(page.words)
    assert words.count("fully synthetic (simulated: motion and sensor)") >= page.names.count("figure")
    assert "may be passed on" in words


def test_what_may_not_be_passed_on_is_named_as_such(still, data_set, settings):
    folder = data_set(p1_a=(still(20), [(0, 20, "sitting")]))
    about = folder / "desk" / "dataset.toml"
    about.write_text(about.read_text().replace("redistributable = true", "redistributable = false"))
    assert "may not be passed on; nothing was fitted on it" in html_page(*scored_folder(folder, settings))


def test_names_from_outside_are_text(scored, still):
    report, evidence = scored("<script>", p1_a=(still(20), [(0, 20, "sitting")]))
    assert "script" not in Page(html_page(report, evidence)).names


def test_the_worst_person_is_shown_with_what_the_sensor_saw(page):
    words = " ".join(page.words)
    assert "The worst people, and why" in words
    assert "tilt (deg)" in words
    assert "sitting as unknown 30 s" in words


def test_it_is_shown_how_soon_changes_are_seen(usual, page):
    report, evidence = usual
    assert "How soon a change is told live" not in page.text
    told = [LabelledChange(Activity.STANDING, late_s, was_unknown=late_s is None) for late_s in (4.0, 5.0, 9.0, None)]
    evidence = [
        replace(each, scored=replace(each.scored, changes=changes))
        for each, changes in zip(evidence, (told, None, None), strict=True)
    ]
    words = " ".join(Page(html_page(report, evidence)).words)
    assert "How soon a change is told live" in words
    assert "over 3 changes of activity; 1 more were not seen while they lasted" in words


def test_the_most_expensive_minutes_of_a_long_recording_are_shown_larger(scored, still):
    labels = [(0, 1300, "sitting"), (1300, 1320, "standing")]
    report, evidence = scored(p1_a=(still(1320), labels))
    assert " ".join(Page(html_page(report, evidence)).words).count("tilt (deg)") == 2


def test_a_set_with_orientation_only_has_its_plot(scored, still):
    half_turn = dict.fromkeys(("quat_x", "quat_z"), np.zeros(1000, np.float32))
    half = np.full(1000, np.sqrt(0.5), np.float32)
    report, evidence = scored(p1_a=(still(20, quat_w=half, quat_y=-half, **half_turn), []))
    words = " ".join(Page(html_page(report, evidence)).words)
    assert "Tilt, recording by recording" in words
    assert "Posture, person by person" not in words


def test_the_same_report_makes_the_same_page(usual, page):
    assert html_page(*usual) == page.text


def test_the_command_writes_the_page(data_set, still, tmp_path, capsys):
    folder = data_set(p1_a=(still(20), [(0, 20, "sitting")]))
    run_validate(folder, None, tmp_path / "report.html", as_json=True, settings_file=None)
    assert '"schema":"lumbar.validation/1"' in capsys.readouterr().out
    assert "desk" in Page((tmp_path / "report.html").read_text(encoding="utf-8")).text


def test_a_page_that_cannot_be_made_is_an_error_before_the_scoring(data_set, still, tmp_path, monkeypatch):
    folder = data_set(p1_a=(still(20), [(0, 20, "sitting")]))
    with pytest.raises(SettingsError, match="there is no folder"):
        run_validate(folder, None, tmp_path / "nowhere" / "report.html", as_json=True, settings_file=None)
    for name in [name for name in sys.modules if name.startswith("lumbar.validation.page")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(SettingsError, match=r"needs jinja2.*pip install 'lumbar\[report\]'"):
        run_validate(folder, None, tmp_path / "report.html", as_json=True, settings_file=None)
    assert not (tmp_path / "report.html").exists()


def test_a_page_that_cannot_be_written_is_an_error_that_says_so(data_set, still, tmp_path):
    folder = data_set(p1_a=(still(20), [(0, 20, "sitting")]))
    with pytest.raises(SettingsError, match="this is a folder"):
        run_validate(folder, None, tmp_path, as_json=True, settings_file=None)
    page = tmp_path / "report.html"
    page.symlink_to(tmp_path / "nowhere" / "report.html")
    with pytest.raises(SettingsError, match="No such file or directory"):
        run_validate(folder, None, page, as_json=True, settings_file=None)
