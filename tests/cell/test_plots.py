from __future__ import annotations

import numpy as np
import pytest

from scalith.cell import plot_profiles, simulate_batch, simulate_discharge, simulate_impedance
from scalith.quantities import InputError, Result


@pytest.fixture(scope="module")
def run(lgm50) -> Result:
    return simulate_discharge(lgm50, 1.0, output_times=np.arange(0.0, 3001.0, 300.0), duration=3000.0, profiles=True)


def test_a_run_is_drawn_over_time_in_units_that_people_read(run):
    figure = run.plot()
    assert [axis.get_ylabel() for axis in figure.axes] == ["terminal voltage / V", "current / A"]  # isothermal: no third panel
    assert figure.axes[-1].get_xlabel() == "time / min"
    x, y = figure.axes[0].lines[0].get_data()
    np.testing.assert_allclose(x, run.time.values / 60.0)
    np.testing.assert_allclose(y, run.voltage.values)


def test_curves_are_chosen_and_drawn_over_another(run):
    figure = run.plot("voltage", "temperature", over="capacity", label="first")
    assert figure.axes[-1].get_xlabel() == "charge passed since the start / A h"
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xdata(), run.capacity.values / 3600.0)
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), run.temperature.values - 273.15)
    run.isel(time=slice(5)).plot("voltage", "temperature", over="capacity", label="second", figure=figure)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["first", "second"]
    with pytest.raises(InputError, match="2 panels, expected 1"):
        run.plot("voltage", figure=figure)


def test_the_parts_of_the_voltage_are_drawn_beside_it(run):
    (axis,) = run.plot("components").axes
    lines = {line.get_label(): line.get_ydata() for line in axis.lines}
    total = lines.pop("terminal voltage")
    assert len(lines) == 7
    np.testing.assert_allclose(sum(lines.values()), total, atol=1e-9)
    with pytest.raises(InputError, match="components"):
        run.drop_vars([name for name in run if str(name).startswith("voltage_")]).plot("components")


def test_profiles_have_a_slider_over_every_recorded_time(run):
    figure = run.plot("profiles")
    assert len(figure.frames) == len(figure.layout.sliders[0].steps) == run.time.size
    titles = [note.text for note in figure.layout.annotations]
    at = titles.index("electrolyte concentration")
    np.testing.assert_allclose(figure.frames[4].data[at].y, run.concentration.values[4])
    np.testing.assert_allclose(figure.frames[4].data[at].x, 1e6 * run.depth.values)
    # Particles are shown in the middle of their electrode.
    at = titles.index("stoichiometry in negative particles")
    middle = run.stoichiometry_profile_negative.sizes["depth_negative"] // 2
    np.testing.assert_allclose(figure.frames[-1].data[at].y, run.stoichiometry_profile_negative.values[-1, :, middle])
    with pytest.raises(InputError, match="profiles=True"):
        plot_profiles(run[["voltage", "current"]])


def test_a_name_that_is_no_curve_is_said(run):
    with pytest.raises(InputError, match="did you mean 'voltage'"):
        run.plot("voltag")
    with pytest.raises(InputError, match="no such curve"):
        run.plot("concentration")


def test_a_spectrum_is_drawn_as_nyquist_and_bode(lgm50):
    spectrum = simulate_impedance(lgm50, np.logspace(-2, 2, 5), 0.5)
    nyquist, modulus, phase = spectrum.plot().axes
    z = 1e3 * (spectrum.resistance.values + 1j * spectrum.reactance.values)
    np.testing.assert_allclose(nyquist.lines[0].get_data(), [z.real, -z.imag])
    np.testing.assert_allclose(modulus.lines[0].get_ydata(), np.abs(z))
    np.testing.assert_allclose(phase.lines[0].get_ydata(), np.degrees(np.angle(z)))
    assert nyquist.get_xlabel() == "Re Z / mΩ"
    assert len(spectrum.plot("bode").axes) == 2
    with pytest.raises(InputError, match="nyquist"):
        spectrum.plot("nyqist")


def test_the_runs_of_a_batch_are_coloured_by_what_varies(lgm50):
    radii = np.array([3e-6, 5e-6, 9e-6])
    batch = simulate_batch(lgm50, {"negative_electrode.particle_radius": radii, "electrolyte.conductivity": 1.0}, 1.0)
    figure = batch.plot("voltage", "temperature")
    voltage, temperature, scale = figure.axes
    for line, values in zip(voltage.lines, batch.voltage.values, strict=True):
        np.testing.assert_allclose(line.get_ydata(), values)
    assert len({line.get_color() for line in voltage.lines}) == 3
    assert temperature.get_ylabel() == "cell temperature / °C"
    assert scale.get_ylabel() == "negative_electrode.particle_radius"
    alike = simulate_batch(lgm50, {"electrolyte.conductivity": 1.0}, [1.0, 2.0], output_times=3).plot()
    assert alike.axes[-1].get_ylabel() == "run"  # nothing but the load differs
    with pytest.raises(InputError, match="did you mean"):
        batch.plot(by="electrolyte.conductiviti")
