"""Which driver a sensor gets, by what it advertises, and by id."""

import pytest

from config.errors import SensorError
from firmware_bridge.devices.catalogue import DRIVERS, driver_for, driver_named

IDS = ["witmotion", "movesense", "metamotion", "dot", "polar", "capture2go", "thingy52", "lsp"]

BATTERY_SERVICE = "0000180f-0000-1000-8000-00805f9b34fb"


def test_the_catalogue_holds_the_eight_families_in_order():
    assert list(DRIVERS) == IDS
    assert all(driver.id == name for name, driver in DRIVERS.items())


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        DRIVERS["mine"] = DRIVERS["dot"]


@pytest.mark.parametrize("name", IDS)
def test_a_driver_is_found_by_id(name):
    assert driver_named(name) is DRIVERS[name]


def test_an_unknown_id_names_the_choices():
    with pytest.raises(SensorError, match=r"'sensortag'; choose one of witmotion, .*, lsp"):
        driver_named("sensortag")


@pytest.mark.parametrize("driver", DRIVERS.values(), ids=IDS)
def test_a_sensor_is_found_by_each_service_and_each_beginning_of_its_name(driver):
    for service in driver.advertised.services:
        assert driver_for([BATTERY_SERVICE, service.upper()], None) is driver
    for prefix in driver.advertised.name_prefixes:
        assert driver_for([], f"{prefix} 0123") is driver
        assert driver_for([BATTERY_SERVICE], f"{prefix.upper()}0123") is driver
    assert driver.advertised.services or driver.advertised.name_prefixes


def test_no_two_drivers_claim_the_same_service_or_name():
    services = [service for driver in DRIVERS.values() for service in driver.advertised.services]
    prefixes = [prefix.casefold() for driver in DRIVERS.values() for prefix in driver.advertised.name_prefixes]
    assert len(set(services)) == len(services)
    assert not [(a, b) for a in prefixes for b in prefixes if a is not b and a.startswith(b)]


def test_the_service_decides_before_the_name():
    (service,) = DRIVERS["capture2go"].advertised.services
    assert driver_for([service], "Movella DOT") is DRIVERS["capture2go"]


@pytest.mark.parametrize("name", [None, "", "MiBand", "My Movella DOT"])
def test_a_stranger_has_no_driver(name):
    assert driver_for([BATTERY_SERVICE], name) is None
