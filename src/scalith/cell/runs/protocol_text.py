"""Protocols as readable text: ``"Discharge at C/3 until 2.5 V"``, in the phrasing that PyBaMM users know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from scalith.cell.files.drive_cycle import step_from_file
from scalith.cell.runs.protocol_steps import Condition, Direction, Ending, GoTo, Mode, Protocol, ProtocolStep, Quantity
from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import InputError

Steps: TypeAlias = "str | ProtocolStep | GoTo | Protocol | Sequence[Steps]"

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_HELP = (
    "a step such as 'Discharge at C/3 until 2.5 V', 'Charge at 1 A until 4.2 V', 'Hold at 4.2 V until C/20', "
    "'Rest for 10 minutes', 'Discharge at 20 W for 30 s', 'Run cycle.csv', 'CCCV charge at 1C until 4.2 V, C/20', "
    "'GITT at C/20', 'Repeat 3 times: …; …', 'Go to step 2, 3 times'"
)
_SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hr": 3600.0, "hour": 3600.0}
_SECONDS |= {"day": 86_400.0, "d": 86_400.0}
_UNITS = {
    "A": (1.0, "A"),
    "mA": (1e-3, "A"),
    "V": (1.0, "V"),
    "mV": (1e-3, "V"),
    "W": (1.0, "W"),
    "mW": (1e-3, "W"),
    "kW": (1e3, "W"),
    "ohm": (1.0, "ohm"),
    "mohm": (1e-3, "ohm"),
    "Ah": (3600.0, "C"),
    "mAh": (3.6, "C"),
    "A/m2": (1.0, "A/m2"),
    "A/cm2": (1e4, "A/m2"),
    "mA/cm2": (10.0, "A/m2"),
    "degC": (1.0, "degC"),
    "K": (1.0, "K"),
    "%": (0.01, "1"),
    "": (1.0, "1"),
}
_MODE_OF: dict[str, Mode] = {"A": "current", "V": "voltage", "W": "power", "ohm": "resistance"}
_NAMES: dict[str, tuple[Quantity, tuple[str, ...]]] = {
    r"(?:state of charge|soc)": ("state_of_charge", ("1",)),
    r"(?:anode|negative(?: electrode)?) potential": ("negative_potential", ("V",)),
    r"(?:cathode|positive(?: electrode)?) potential": ("positive_potential", ("V",)),
    r"voltage": ("voltage", ("V",)),
    r"current": ("current", ("A",)),
    r"temperature": ("temperature", ("K", "degC")),
    r"(?:discharge )?capacity": ("capacity", ("C", "1")),
}
_QUANTITY_OF: dict[str, Quantity] = {"V": "voltage", "A": "current", "K": "temperature", "degC": "temperature", "C": "capacity"}
_DIRECTIONS: dict[str, Direction] = {
    "below": "below",
    "under": "below",
    "<": "below",
    "above": "above",
    "over": "above",
    ">": "above",
}
_BETWEEN = r"\s*(?:(?:is |falls |rises |drops )?(below|under|above|over|<|>)|of|reaches|at|to|=)?\s*"
_REST = r"(?:rest|pause|relax)"
_VERBS = rf"(?:{_REST}|discharge|charge|hold|run|cc-?cv|gitt)"
_SEPARATOR = re.compile(rf"\s*;\s*|\s*,?\s+(?:and\s+)?then\s+|\s*,\s*(?:and\s+)?(?={_VERBS}\b)", re.IGNORECASE)
_RUN = (
    r"run (?P<file>\S.*?)(?: in (?P<unit>\S+)| \((?P<bracketed>[A-Za-z]+)\))?(?: \(positive (?P<way>(?:dis)?charge)s\))?"
    r"(?: with a peak of (?P<peak>.+?))?(?: for (?P<time>.+?))?(?:,?(?: or)? until (?P<limits>.+))?"
)
_SPELLINGS = {"−": "-", "º": "°", "°C": "degC", "℃": "degC", "Ω": "ohm", "\u2126": "ohm", "²": "2", "·": ""}
_GITT_CHARGE, _GITT_REST = 0.01, 3600.0
"""Of nominal capacity in a pulse; seconds of rest after it."""


class _Amount(NamedTuple):
    value: float
    unit: str


def parse_step(text: str, specification: CellSpecification) -> ProtocolStep:
    """Read one step of a protocol.

    ``Discharge|Charge at <load> …``, ``Hold at <voltage> …``, ``Rest|Pause|Relax …``, ``Run <file> …``, each with
    ``for <time>``, ``until <limit> [or <limit>]…``, ``at <temperature>`` (``10 oC``) and ``(<time> period)``.

    - A load is a C-rate (``1C``, ``C/3``, ``1/3C``), A, mA, A/m2, mA/cm2, W, mW, kW or ohm.
    - A limit is a voltage, a current (while another quantity is held), a temperature, ``80% SOC``, a charge that passes in
      the step (``0.5 Ah``), or ``anode potential 0 V`` (``cathode …``). ``below`` or ``above`` may say the side; otherwise a
      discharge ends below a voltage, a charge above it, and a rest on meeting it.
    - A file of ``Run`` is read by `step_from_file`; ``in A`` or ``in W`` states the unit of one without a header,
      ``(positive charges)`` its sign, ``with a peak of 2C`` scales it. It is run once, or again and again ``for <time>``; a
      voltage after ``until`` is then held where the load would pass it.

    Raises
    ------
    InputError
        The text is not understood: the message says which part. It holds several steps: `parse_protocol` reads those.
    """
    steps = _read(text, specification)
    if len(steps) != 1 or not isinstance(steps[0], ProtocolStep):
        raise InputError("protocol", "step", text, "a single step; parse_protocol and simulate_protocol read several")
    return steps[0]


def parse_protocol(steps: Steps, specification: CellSpecification) -> Protocol:
    """Read a protocol: one text or a list of texts, steps and protocols; a list within the list is a cycle.

    Beyond the steps of `parse_step` a text may hold

    - several of them: ``Discharge at 1C until 2.5 V; Rest for 1 h``, also after ``, then`` or before ``, rest …``;
    - ``CCCV charge at 1C until 4.2 V, C/20`` (or ``Charge at 1C until C/20 at 4.2 V``): constant current, then the voltage held;
    - ``GITT [charge|discharge] at C/20 [until 2.5 V] [(10 minute pulses, 1 hour rests)]``: pulses, each of a hundredth of the
      nominal capacity, and rests of an hour, until a pulse ends at the cut-off voltage of the cell;
    - ``Repeat 3 times: …; …`` or ``Repeat until capacity below 80%: …; …`` (80 % of the first pass; or ``4 Ah``; or a
      voltage or temperature at the end of a step);
    - ``Go to step 2, 3 times`` or ``Go to step 2 until …``: back to that entry of the list (counted from 1).

    Raises
    ------
    InputError
        A part is not understood; nothing is given; a jump does not go back.
    """
    if isinstance(steps, Protocol):
        return steps
    entries = [steps] if isinstance(steps, str | ProtocolStep | GoTo) else list(steps)
    if not entries:
        raise InputError("protocol", "steps", "none", "at least one")
    found: list[ProtocolStep | GoTo | Protocol] = []
    firsts: list[int] = []
    for entry in entries:
        firsts.append(len(found))
        if isinstance(entry, str):
            jump = re.fullmatch(r"go ?to step (\d+)(?:,? (\d+) times)?(?:,? until (.+))?", _plain(entry), re.IGNORECASE)
            found += [_jump(jump, firsts, entry)] if jump else _read(entry, specification)
        elif isinstance(entry, ProtocolStep | GoTo | Protocol):
            found.append(entry)
        else:
            found.append(parse_protocol(entry, specification))
    return Protocol.read({"steps": tuple(found)}, "protocol")


def _jump(match: re.Match[str], firsts: Sequence[int], text: str) -> GoTo:
    number = int(match[1])
    if not 1 <= number < len(firsts):
        raise InputError("protocol", text, f"step {number}", f"an earlier step than this, number {len(firsts)}")
    if match[2] is None and match[3] is None:
        raise InputError("protocol", text, "no end", "'3 times', 'until capacity below 80%' or both")
    fields: dict[str, Any] = {"text": text, "entry": firsts[number - 1]}
    if match[2] is not None:
        fields["times"] = int(match[2])
    if match[3] is not None:
        fields["until"] = _condition(match[3], text)
    return GoTo.read(fields, "protocol")


def _read(text: str, specification: CellSpecification) -> list[ProtocolStep | Protocol]:
    """The steps of one text."""
    words = _plain(text)
    repeat = re.fullmatch(r"repeat(?: (\d+) times)?(?:,? ?until (.+?))?: ?\[?(.+?)\]?", words, re.IGNORECASE)
    if repeat and (repeat[1] or repeat[2]):
        fields: dict[str, Any] = {"steps": tuple(_read(repeat[3], specification)), "text": text}
        fields["times"] = int(repeat[1]) if repeat[1] else 10_000
        if repeat[2]:
            fields["until"] = _condition(repeat[2], text)
        return [Protocol.read(fields, "protocol")]
    found: list[ProtocolStep | Protocol] = []
    for part in _SEPARATOR.split(words):
        if part:
            found += _part(part, specification, found[-1] if found else None)
    if len(found) == 1 and isinstance(found[0], ProtocolStep):
        return [found[0].model_copy(update={"text": text})]
    if not found:
        raise InputError("protocol", "step", text, _HELP)
    return found


def _part(words: str, cell: CellSpecification, before: ProtocolStep | Protocol | None) -> Sequence[ProtocolStep | Protocol]:
    """One part between separators: a step, or a phrase that stands for several."""
    constant = re.fullmatch(
        r"cc-?cv (charge|discharge) at (.+?) (?:until|to) (.+?)(?:, ?(?:and )?| and | or | until | to )(?:until )?(.+)",
        words,
        re.IGNORECASE,
    )
    if constant:
        return _constant_current_then_voltage(constant[1], constant[2], constant[3], constant[4], words, cell)
    if re.match(r"cc-?cv\b", words, re.IGNORECASE):
        raise InputError("protocol", "step", words, "'CCCV charge at 1C until 4.2 V, C/20': load, voltage and last current")
    swapped = re.fullmatch(r"(charge|discharge) at (.+?) until ([^ ].*?) at (.+? ?m?V)", words, re.IGNORECASE)
    if swapped and " or " not in swapped[3]:
        return _constant_current_then_voltage(swapped[1], swapped[2], swapped[4], swapped[3], words, cell)
    if re.match(r"gitt\b", words, re.IGNORECASE):
        return [_titration(words, cell)]
    if re.fullmatch(r"hold(?: (?:for|until) .+)?", words, re.IGNORECASE):
        limits = [item for item in before.endings if item.quantity == "voltage"] if isinstance(before, ProtocolStep) else []
        if len(limits) != 1 or len(words) == 4:
            expected = "a voltage and an end, 'hold at 4.2 V until C/20'" if len(limits) != 1 else "an end, 'hold until C/20'"
            raise InputError("protocol", "step", words, expected)
        return [_single(f"Hold at {limits[0].value:.15g} V {words[5:]}", cell)]
    return [_single(words, cell)]


def _constant_current_then_voltage(
    verb: str, load: str, voltage: str, last: str, text: str, cell: CellSpecification
) -> list[ProtocolStep]:
    held = _amount(voltage, cell, text)
    if held.unit != "V" or _amount(last, cell, text).unit != "A":
        raise InputError(
            "protocol", text, f"{voltage}, {last}", "a voltage and the current at which holding it ends: '4.2 V, C/20'"
        )
    return [_single(f"{verb.capitalize()} at {load} until {voltage}", cell), _single(f"Hold at {voltage} until {last}", cell)]


def _titration(words: str, cell: CellSpecification) -> Protocol:
    match = re.fullmatch(
        r"gitt(?: (charge|discharge))? at (.+?)(?: until (.+?))?(?: \((.+?) pulses?, (.+?) rests?\))?", words, re.IGNORECASE
    )
    if match is None:
        raise InputError(
            "protocol", "step", words, "'GITT at C/20', 'GITT charge at C/20 until 4.2 V (10 minute pulses, 1 hour rests)'"
        )
    verb = (match[1] or "discharge").capitalize()
    direction: Direction = "below" if verb == "Discharge" else "above"
    load = _amount(match[2], cell, words)
    if load.unit != "A" or load.value <= 0.0:
        raise InputError("protocol", words, match[2], "a C-rate or a current")
    cut_off = cell.lower_voltage_cut_off if verb == "Discharge" else cell.upper_voltage_cut_off
    limit = _amount(match[3], cell, words) if match[3] else _Amount(cut_off, "V")
    if limit.unit != "V":
        raise InputError("protocol", words, match[3], "a voltage at which the pulses end")
    seconds = _duration(match[4], words) if match[4] else _GITT_CHARGE * cell.nominal_capacity / load.value
    rest = _duration(match[5], words) if match[5] else _GITT_REST
    pulse = _single(f"{verb} at {match[2]} for {seconds:.15g} s or until {limit.value:.15g} V", cell)
    fields = {
        "steps": (pulse, _single(f"Rest for {rest:.15g} s", cell)),
        "times": 10_000,
        "until": Condition(quantity="voltage", direction=direction, value=limit.value),
        "text": words,
    }
    return Protocol.read(fields, "protocol")


def _single(words: str, cell: CellSpecification) -> ProtocolStep:
    fields: dict[str, Any] = {"text": words}
    rest, period = _taken(rf" ?\((?:every )?({NUMBER} ?[A-Za-z][^()]*?)(?: period)?\)(?= |$)", words)
    if period:
        fields["period"] = _duration(period, words)
    rest, temperature = _taken(rf" at ({NUMBER} ?(?:degC|K))(?= |$)", rest)
    if temperature:
        fields["temperature"] = _kelvin(_amount(temperature, cell, words), words)
    run = re.fullmatch(_RUN, rest, re.IGNORECASE)
    if run:
        fields |= _load_of_a_file(run, words, cell)
        return _ended(fields, "run", run["time"], run["limits"], cell)
    pause = re.fullmatch(rf"{_REST}(?: for (.+?))?(?:,?(?: or)? until (.+))?", rest, re.IGNORECASE)
    if pause:
        return _ended(fields | {"mode": "current"}, "rest", pause[1], pause[2], cell)
    match = re.fullmatch(r"(discharge|charge|hold) at (.+?)(?: for (.+?))?(?:,?(?: or)? until (.+))?", rest, re.IGNORECASE)
    if match is None:
        raise InputError("protocol", "step", words, _HELP)
    verb = match[1].lower()
    load = _amount(match[2], cell, words)
    mode = _MODE_OF.get(load.unit)
    if mode is None or (verb == "hold") != (mode == "voltage"):
        raise InputError("protocol", words, match[2], "a voltage to hold" if verb == "hold" else "a C-rate, A, W or ohm")
    if mode != "voltage" and load.value <= 0.0:
        raise InputError("protocol", words, match[2], "a positive load; 'Charge' says the direction")
    if verb == "charge" and mode == "resistance":
        raise InputError("protocol", words, match[2], "a C-rate, A or W: a resistor only discharges")
    fields |= {"mode": mode, "target": -load.value if verb == "charge" else load.value}
    return _ended(fields, verb, match[3], match[4], cell)


def _load_of_a_file(run: re.Match[str], words: str, cell: CellSpecification) -> dict[str, Any]:
    peak = _amount(run["peak"], cell, words) if run["peak"] else None
    positive: Any = run["way"].lower() if run["way"] else None
    scale = None if peak is None else peak.value
    read = step_from_file(run["file"].strip(), unit=run["unit"] or run["bracketed"], positive=positive, peak=scale)
    if peak is not None and _MODE_OF.get(peak.unit) != read.mode:
        raise InputError("protocol", words, run["peak"], f"a {read.mode}: that is what the file holds")
    return {"mode": read.mode, "times": read.times, "loads": read.loads}


def _ended(fields: dict[str, Any], verb: str, lasting: str | None, limits: str | None, cell: CellSpecification) -> ProtocolStep:
    """The step with its duration and endings."""
    text = fields["text"]
    times = re.split(r",? or (?:for )?", lasting, flags=re.IGNORECASE) if lasting else []
    endings: list[Ending] = []
    for item in re.split(r"(?:,| )\s*or (?:until )?", limits, flags=re.IGNORECASE) if limits else []:
        named = re.fullmatch(r"(?:for )?(.+)", item.strip(), re.IGNORECASE)
        words = named[1] if named else item
        if item.lower().startswith("for ") or _seconds(words) is not None:
            times.append(words)
        else:
            endings.append(_ending(words, verb, fields["mode"], float(fields.get("target", 0.0)), text, cell))
    if len(times) > 1:
        raise InputError("protocol", text, f"{' and '.join(times)}", "one time")
    if times:
        fields["duration"] = _duration(times[0], text)
    elif not endings and verb != "run":
        raise InputError("protocol", text, "no end", "'for <time>' or 'until <limit>'")
    clip = verb == "run" and any(item.quantity == "voltage" for item in endings)
    return ProtocolStep(**fields, endings=tuple(endings), clip=clip)


def _ending(words: str, verb: str, mode: Mode, target: float, text: str, cell: CellSpecification) -> Ending:
    quantity, direction, amount = _limit(words, text, cell)
    if amount.unit in ("W", "ohm"):
        quantity, amount = _of_power_or_resistance(words, amount, mode, abs(target), text)
    held = {"current": "current", "voltage": "voltage"}.get(mode) if verb != "run" else None
    if quantity is None or quantity == held:
        first = "a current to fall below" if mode == "voltage" else "a voltage to reach"
        expected = f"{first}, a temperature, a charge in Ah, % SOC, an electrode's potential or a time"
        raise InputError("protocol", text, words, expected)
    value = amount.value
    if quantity == "temperature":
        value = _kelvin(amount, text)
    elif quantity == "capacity" and amount.unit == "1":
        value *= cell.nominal_capacity
    elif quantity == "state_of_charge" and not 0.0 <= value <= 1.0:
        raise InputError("protocol", text, words, "a state of charge from 0 to 100 %")
    if quantity in ("capacity", "current") and value <= 0.0:
        raise InputError("protocol", text, words, "a positive number")
    return Ending(quantity=quantity, value=value, direction=direction or _side(quantity, verb, mode))


def _side(quantity: Quantity, verb: str, mode: Mode) -> Direction | None:
    """The side on which a limit lies when nothing says it: where the load drives the quantity."""
    if quantity == "capacity":
        return "above"
    if quantity == "current":
        return "below" if mode == "voltage" else None
    if verb not in ("charge", "discharge"):
        return None
    if quantity == "temperature":
        return "above"
    rises_on_charge = quantity != "negative_potential"
    return "above" if (verb == "charge") == rises_on_charge else "below"


def _limit(words: str, text: str, cell: CellSpecification) -> tuple[Quantity | None, Direction | None, _Amount]:
    """What a limit is of, on which side, and its value."""
    for name, (quantity, units) in _NAMES.items():
        before = re.fullmatch(rf"(?:the )?{name}{_BETWEEN}(.+)", words, re.IGNORECASE)
        after = re.fullmatch(rf"({'|'.join(_DIRECTIONS)})?\s*(\S.*?) ?(?:of )?(?:the )?(?:nominal )?{name}", words, re.IGNORECASE)
        match = before or after
        if match:
            amount = _amount(match[2], cell, text)
            if amount.unit not in units:
                raise InputError("protocol", text, words, f"a {quantity.replace('_', ' ')} in {' or '.join(units)}")
            return quantity, _DIRECTIONS[match[1].lower()] if match[1] else None, amount
    match = re.fullmatch(rf"({'|'.join(_DIRECTIONS)})?\s*(.+)", words, re.IGNORECASE)
    assert match is not None
    amount = _amount(match[2], cell, text)
    return _QUANTITY_OF.get(amount.unit), _DIRECTIONS[match[1].lower()] if match[1] else None, amount


def _of_power_or_resistance(words: str, limit: _Amount, mode: Mode, held: float, text: str) -> tuple[Quantity, _Amount]:
    """A limit in W or ohm as one of voltage or current: with the other held, one says the other."""
    if limit.value <= 0.0:
        raise InputError("protocol", text, words, "a positive number")
    if mode == "voltage":
        return "current", _Amount(limit.value / held if limit.unit == "W" else held / limit.value, "A")
    if mode == "current" and held > 0.0:
        return "voltage", _Amount(limit.value / held if limit.unit == "W" else held * limit.value, "V")
    raise InputError("protocol", text, words, "a voltage or a current: W and ohm are limits where a voltage or a current is held")


def _condition(words: str, text: str) -> Condition:
    match = re.fullmatch(
        rf"(?:the )?(?:discharge )?(capacity|voltage|temperature)(?: is| falls| rises| drops)? "
        rf"(below|under|above|over|<|>) ({NUMBER}) ?(\S+)",
        words,
        re.IGNORECASE,
    )
    unit = _unit(match[4]) if match else None
    wanted = {"capacity": ("C", "1"), "voltage": ("V",), "temperature": ("K", "degC")}
    if match is None or unit is None or unit[1] not in wanted[match[1].lower()]:
        raise InputError(
            "protocol", text, words, "a condition such as 'capacity below 80%', 'capacity below 4 Ah' or 'voltage below 3 V'"
        )
    amount = _Amount(float(match[3]) * unit[0], unit[1])
    quantity: Any = match[1].lower()
    value = _kelvin(amount, text) if quantity == "temperature" else amount.value
    return Condition(quantity=quantity, direction=_DIRECTIONS[match[2].lower()], value=value, relative=amount.unit == "1")


def _plain(text: str) -> str:
    """One spelling for signs and spaces."""
    for written, meant in _SPELLINGS.items():
        text = text.replace(written, meant)
    text = re.sub(rf"({NUMBER}) ?(?:oC|deg C|celsius)\b", r"\1 degC", text)
    return " ".join(text.split()).rstrip(".")


def _taken(pattern: str, words: str) -> tuple[str, str | None]:
    """`words` without what matches, and the match."""
    match = re.search(pattern, words, re.IGNORECASE)
    return (words, None) if match is None else (words[: match.start()] + words[match.end() :], match[1])


def _kelvin(amount: _Amount, text: str) -> float:
    kelvin = amount.value + (273.15 if amount.unit == "degC" else 0.0)
    if not 150.0 < kelvin < 600.0:
        raise InputError("protocol", text, f"{amount.value:g} {amount.unit}", "a temperature such as '25 oC' or '298 K'")
    return kelvin


def _seconds(words: str) -> float | None:
    """Seconds of ``"1 hour 30 minutes"``; nothing where it is no time."""
    parts = re.findall(rf"({NUMBER})\s*([A-Za-z]+),?\s*", words)
    if not parts or not re.fullmatch(rf"(?:{NUMBER}\s*[A-Za-z]+,?\s*)+", words.strip()):
        return None
    total = 0.0
    for number, unit in parts:
        unit = unit.lower()
        factor = _SECONDS.get(unit, _SECONDS.get(unit.removesuffix("s")) if len(unit) > 1 else None)
        if factor is None:
            return None
        total += float(number) * factor
    return total


def _duration(words: str, text: str) -> float:
    seconds = _seconds(words)
    if seconds is None:
        raise InputError("protocol", text, words, "a time such as '10 minutes', '1 hour' or '30 s'")
    if not 0.0 < seconds < np.inf:
        raise InputError("protocol", text, words, "a positive time")
    return seconds


def _unit(written: str) -> tuple[float, str] | None:
    """Factor and SI name of a unit; other cases are accepted where they cannot mean another unit (MW is not mW)."""
    if written in _UNITS:
        return _UNITS[written]
    lower = {name.lower(): meant for name, meant in _UNITS.items()}
    return None if written.startswith("M") else lower.get(written.lower())


def _amount(words: str, cell: CellSpecification, text: str) -> _Amount:
    """A number with its unit; C-rates and current densities become A."""
    if match := re.fullmatch(rf"({NUMBER})? ?(?:/ ?({NUMBER}))? ?C(?: ?/ ?({NUMBER}))?", words.strip(), re.IGNORECASE):
        numbers = [1.0 if part is None else float(part) for part in match.groups()]
        divisor = numbers[1] * numbers[2]
        if divisor == 0.0 or (match[2] and not match[1]) or not np.isfinite(numbers[0] / divisor):
            raise InputError("protocol", text, words, "a C-rate such as 1C, C/3 or 1/3C")
        return _Amount(cell.nominal_capacity / 3600.0 * numbers[0] / divisor, "A")
    number = re.fullmatch(rf"({NUMBER}) ?(\D.*)?", words.strip())
    unit = _unit((number[2] or "").replace(" ", "")) if number else None
    if number is None or unit is None or not np.isfinite(float(number[1])):
        raise InputError("protocol", text, words, "a C-rate, A, mA, V, W or ohm (a limit also Ah, % SOC, oC)")
    value = float(number[1]) * unit[0]
    if unit[1] == "A/m2":
        return _Amount(value * cell.electrode_area * cell.electrode_pairs, "A")
    return _Amount(value, unit[1])


def read_current(words: str, cell: CellSpecification, where: str) -> float:
    """A current in A from text such as ``"1C"``, ``"C/2"`` or ``"5 A"``.

    Raises
    ------
    InputError
    """
    amount = _amount(words, cell, where)
    if amount.unit != "A" or amount.value == 0.0:
        raise InputError(where, "", words, "a C-rate such as 'C/2', or a current such as '5 A'")
    return amount.value
