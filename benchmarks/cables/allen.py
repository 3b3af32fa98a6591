"""A cell of the Allen Institute with 11 mechanisms, here and in Arbor.

    python benchmarks/cables/allen.py --arbor PYTHON --files DIRECTORY [--dt 0.025] [--out FILE]

The directory is `python/example` of Arbor's source archive, with the morphology
(`single_cell_allen.swc`) and the fitted parameters (`single_cell_allen_fit.json`); neither is
copied here. 0.5 nA flow into the soma from 10 to 90 ms. The channels are those of Arbor's catalogue
"allen", written in the language of `rb.Channel`; the sodium channel is a kinetic scheme of 12
states whose rates reach thousands per millisecond. Arbor, of first order, runs with two small steps
and is extrapolated to none. Several steps may be given; the first is the one that counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

FITTED, SHAPE = "single_cell_allen_fit.json", "single_cell_allen.swc"
CURRENT, EVERY, DURATION, START = 0.5, 0.05, 100.0, -90.0
REGIONS = {"soma": "soma", "axon": "axon", "dend": "dendrite", "apic": "apical_dendrite"}

SODIUM = """
    I = g*O*(v - E) : uA/cm**2
    up = 400*exp(v/(24*mV))/ms : 1/ms
    down = 12*exp(-v/(24*mV))/ms : 1/ms
    x = 2.51 : 1
    y = 5.32 : 1
    C1 <-> C2 : 4*up, down
    C2 <-> C3 : 3*up, 2*down
    C3 <-> C4 : 2*up, 3*down
    C4 <-> C5 : up, 4*down
    C5 <-> O : 250/ms, 60/ms
    I1 <-> I2 : 4*up*x, down/y
    I2 <-> I3 : 3*up*x, 2*down/y
    I3 <-> I4 : 2*up*x, 3*down/y
    I4 <-> I5 : up*x, 4*down/y
    I5 <-> I6 : 250/ms, 60/ms
    C1 <-> I1 : 0.01/ms, 40/ms
    C2 <-> I2 : 0.01*x/ms, 40/y/ms
    C3 <-> I3 : 0.01*x**2/ms, 40/y**2/ms
    C4 <-> I4 : 0.01*x**3/ms, 40/y**3/ms
    C5 <-> I5 : 0.01*x**4/ms, 40/y**4/ms
    O <-> I6 : 8/ms, 0.05/ms
    """
GATED = {
    "Kv3_1": """
        I = g*m*(v - E) : uA/cm**2
        m_inf = 1/(1 + exp(-(v - 18.7*mV)/(9.7*mV))) : 1
        tau_m = 4*ms/(1 + exp(-(v + 46.56*mV)/(44.14*mV))) : ms
        """,
    "K_T": """
        I = g*m**4*h*(v - E) : uA/cm**2
        m_inf = 1/(1 + exp(-(v + 47*mV)/(29*mV))) : 1
        h_inf = 1/(1 + exp((v + 66*mV)/(10*mV))) : 1
        tau_m = (0.34 + 0.92*exp(-((v + 71*mV)/(59*mV))**2))*ms : ms
        tau_h = (8 + 49*exp(-((v + 73*mV)/(23*mV))**2))*ms : ms
        """,
    "Kd": """
        I = g*m*h*(v - E) : uA/cm**2
        m_inf = 1/(1 + exp(-(v + 43*mV)/(8*mV))) : 1
        h_inf = 1/(1 + exp((v + 67*mV)/(7.3*mV))) : 1
        tau_m = 1*ms : ms
        tau_h = 1500*ms : ms
        """,
    "Kv2like": """
        I = g*m**2*(p + q)/2*(v - E) : uA/cm**2
        alpha_m = 0.528/exprel((43*mV - v)/(11*mV))/ms : 1/ms
        beta_m = 0.008*exp(-(v + 1.27*mV)/(120*mV))/ms : 1/ms
        p_inf = 1/(1 + exp((v + 58*mV)/(11*mV))) : 1
        q_inf = 1/(1 + exp((v + 58*mV)/(11*mV))) : 1
        tau_p = (360 + (2289.8 + 23.7*v/mV)*exp(-((v + 75*mV)/(48*mV))**2))*ms : ms
        tau_q = (2350 + 1380*exp(-0.011*v/mV) - 210*exp(-0.03*v/mV))*ms : ms
        """,
    "SK": """
        I = g*z*(v - E) : uA/cm**2
        z_inf = 1/(1 + (0.43*uM/Ca_i)**4.8) : 1
        tau_z = 1*ms : ms
        """,
    "Im_v2": """
        I = g*m*(v - E) : uA/cm**2
        a = 0.007*exp(2.4*(v + 48*mV)/(26.12*mV)) : 1
        b = 0.007*exp(-3.6*(v + 48*mV)/(26.12*mV)) : 1
        m_inf = a/(a + b) : 1
        tau_m = (15 + 1/(a + b))*ms : ms
        """,
    "Ih": """
        I = g*m*(v - E) : uA/cm**2
        alpha_m = 0.076517/exprel((v + 154.9*mV)/(11.9*mV))/ms : 1/ms
        beta_m = 0.193*exp(v/(33.1*mV))/ms : 1/ms
        """,
    "Ca_HVA": """
        I = g*m**2*h*(v - E) : uA/cm**2
        alpha_m = 0.209/exprel((-27*mV - v)/(3.8*mV))/ms : 1/ms
        beta_m = 0.94*exp((-75*mV - v)/(17*mV))/ms : 1/ms
        alpha_h = 0.000457*exp(-(v + 13*mV)/(50*mV))/ms : 1/ms
        beta_h = 0.0065/(exp(-(v + 15*mV)/(28*mV)) + 1)/ms : 1/ms
        """,
    "Ca_LVA": """
        I = g*m**2*h*(v - E) : uA/cm**2
        m_inf = 1/(1 + exp(-(v + 40*mV)/(6*mV))) : 1
        h_inf = 1/(1 + exp((v + 90*mV)/(6.4*mV))) : 1
        tau_m = (5 + 20/(1 + exp((v + 35*mV)/(5*mV))))*ms : ms
        tau_h = (20 + 50/(1 + exp((v + 50*mV)/(7*mV))))*ms : ms
        """,
}
WARM = {"K_T": 21, "Kv2like": 21, "Im_v2": 30, "Ca_LVA": 21}  # T_ref of those with Q10 = 2.3


def membranes(fitted: dict[str, Any], celsius: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the membrane and axial resistivity of every region."""
    import rheobase as rb
    from rheobase.units import cm, mS, ms, mV, ohm, uF

    values: dict[str, dict[str, float]] = {}
    for entry in fitted["genome"]:
        values.setdefault(entry["section"], {})[entry["name"]] = float(entry["value"])
    known = {"NaV": rb.Channel(
        SODIUM, parameters={"g": "15 mS/cm**2", "E": "53 mV", "Q10": 2.3, "T_ref": 37}, name="NaV"
    )}  # fmt: skip
    for name, text in GATED.items():
        potential = "nernst" if name.startswith("Ca") else "-45 mV" if name == "Ih" else "-107 mV"
        given: dict[str, Any] = {"g": "1 mS/cm**2", "E": potential}
        if name in WARM:
            given |= {"Q10": 2.3, "T_ref": WARM[name]}
        known[name] = rb.Channel(
            text + "g : mS/cm**2\nE : mV", parameters=given, name=name,
            carries="Ca" if name.startswith("Ca") else None,
        )  # fmt: skip
    made, resistivity = {}, {}
    for section, own in values.items():
        parts = [channel(g=1e3 * own[f"gbar_{name}"] * mS / cm**2)
                 for name, channel in known.items() if f"gbar_{name}" in own]  # fmt: skip
        parts.append(rb.channels.Leak(g=1e3 * own["g_pas"] * mS / cm**2, E=own["e_pas"] * mV))
        if "gamma_CaDynamics" in own:
            tau = own["decay_CaDynamics"] * ms
            parts.append(rb.channels.CalciumPool(gamma=own["gamma_CaDynamics"], tau=tau))
        made[REGIONS[section]] = rb.Membrane(
            parts, capacitance=own["cm"] * uF / cm**2, temperature=celsius
        )
        resistivity[REGIONS[section]] = own["Ra"] * ohm * cm
    return made, resistivity


def ours(files: Path, dt: float) -> dict[str, Any]:
    """Return the voltage of the soma [mV] here, and seconds of the run phase."""
    import rheobase as rb
    from rheobase.units import ms, mV, nA, nM, um

    fitted = json.loads((files / FITTED).read_text("utf-8"))
    celsius = float(fitted["conditions"][0]["celsius"])
    shape = rb.Morphology.from_swc(files / SHAPE)
    made, resistivity = membranes(fitted, celsius)
    cell = rb.Cell(shape, made, max_length=20 * um, axial_resistivity=resistivity)
    net = rb.Network(dt=dt * ms)
    cells = net.add(cell, name="cell")
    cells.v = START * mV
    for region in shape.regions:
        places = cells.at(section=shape.sections_of(region).tolist())
        for name, channel in made[region].channels.items():
            held = {"Ca_i": 100 * nM} if name == "SK" else {"v": START * mV}
            for gate, form in channel.gates.items():
                setattr(places, f"{gate}_{name}", float(form.steady(**held)))
    soma = cells.at("soma")
    net.inject(soma, rb.stimuli.step(CURRENT * nA, start=10 * ms, stop=90 * ms))
    net.record(soma, "v", every=EVERY * ms)
    result = net.run(DURATION * ms)
    return {"v": result.traces["cell"]["v"].values[:, 0].tolist(), "version": rb.__version__,
            "compartments": cells.everywhere.size, "seconds": result.timing["run"]}  # fmt: skip


def arbor(files: Path, dt: float) -> dict[str, Any]:
    """Return the same of Arbor."""
    import time

    import arbor as A
    from arbor import units as U

    fitted = json.loads((files / FITTED).read_text("utf-8"))
    conditions = fitted["conditions"][0]
    decor = A.decor()
    kelvin = (273.15 + float(conditions["celsius"])) * U.Kelvin
    decor.set_property(Vm=START * U.mV, tempK=kelvin)
    mechanisms: dict[tuple[str, str], dict[str, float]] = {}
    for entry in fitted["genome"]:
        region, name, value = entry["section"], entry["name"], float(entry["value"])
        kind = entry["mechanism"] or "pas"
        if name == "cm":
            decor.paint(f'"{region}"', cm=value * U.uF / U.cm2)
        elif name == "Ra":
            decor.paint(f'"{region}"', rL=value * U.Ohm * U.cm)
        else:
            mechanisms.setdefault((region, kind), {})[name.removesuffix(f"_{kind}")] = value
    for region in REGIONS:
        decor.paint(f'"{region}"', ion="na", rev_pot=53 * U.mV)
        decor.paint(f'"{region}"', ion="k", rev_pot=-107 * U.mV)
    decor.set_ion("ca", int_con=5e-5 * U.mM, ext_con=2.0 * U.mM, method="nernst/x=ca")
    for (region, kind), values in mechanisms.items():
        name = f"pas/e={values.pop('e')}" if kind == "pas" else kind
        decor.paint(f'"{region}"', A.density(A.mechanism(name, values)))
    decor.place("(location 0 0.5)", A.i_clamp(10 * U.ms, 80 * U.ms, CURRENT * U.nA))
    labels = A.label_dict().add_swc_tags()
    shape = A.load_swc_neuron(str(files / SHAPE)).morphology
    cell = A.cable_cell(shape, decor, labels, A.cv_policy_max_extent(20 * U.um))
    model = A.single_cell_model(cell)
    model.properties.catalogue.extend(A.allen_catalogue())
    model.probe("voltage", "(location 0 0.5)", "v", frequency=1 / (EVERY * U.ms))
    began = time.perf_counter()
    model.run(tfinal=DURATION * U.ms, dt=dt * U.ms)
    seconds = time.perf_counter() - began
    return {"v": list(model.traces[0].value), "version": A.__version__,
            "compartments": A.cv_data(cell).num_cv, "seconds": seconds}  # fmt: skip


def worked(python: str, who: str, files: Path, dt: float) -> dict[str, Any]:
    """Run one of the two in a process of its own."""
    words = [python, __file__, "--work", who, "--files", str(files), "--dt", str(dt)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Run both, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arbor", metavar="PYTHON")
    parser.add_argument("--files", type=Path, required=True)
    parser.add_argument("--dt", type=float, nargs="+", default=[0.025], help="ms")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", choices=("ours", "arbor"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        print(json.dumps({"ours": ours, "arbor": arbor}[asked.work](asked.files, asked.dt[0])))
        return 0
    from cells import crossings

    fine = worked(asked.arbor, "arbor", asked.files, 0.0005)
    coarse = worked(asked.arbor, "arbor", asked.files, 0.001)
    true = [2 * a - b for a, b in zip(fine["v"], coarse["v"], strict=True)]
    times = [k * EVERY for k in range(len(true))]
    target = crossings(times, true, -20.0)
    found = []
    for dt in asked.dt:
        mine = worked(sys.executable, "ours", asked.files, dt)
        spikes = crossings(times, mine["v"][: len(true)], -20.0)
        late = [a - b for a, b in zip(spikes, target, strict=True)]
        apart = sum(abs(a - b) for a, b in zip(mine["v"], true, strict=False)) / len(true)
        found.append({
            "dt ms": dt, "spikes ms": spikes, "largest difference ms": max(map(abs, late)),
            "mean difference mV": apart, "seconds": mine["seconds"],
        })  # fmt: skip
    result = {
        **found[0], "of Arbor": target, "seconds of Arbor, dt 0.0005 ms": fine["seconds"],
        "versions": [mine["version"], fine["version"]], "other steps": found[1:],
    }  # fmt: skip
    print(json.dumps(result, indent=1))
    if asked.out:
        asked.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return int(found[0]["largest difference ms"] > 0.05 or found[0]["mean difference mV"] > 0.1)


if __name__ == "__main__":
    sys.exit(main())
