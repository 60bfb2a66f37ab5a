"""Search over recipe numbers for several objectives at once; every point of the front is checked with other seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.requirements import require_seed
from scalith.numerics.parallel_map import parallel_map
from scalith.quantities import ConvergenceError, InputError, MissingDependencyError, Result, labelled, predicted

Floats = NDArray[np.float64]
Evaluate = Callable[[dict[str, float], int], Mapping[str, float]]
"""From the numbers of a recipe and a seed to the objectives."""


def search_front(
    evaluate: Evaluate,
    parameters: Mapping[str, tuple[float, float]],
    objectives: Mapping[str, Literal["maximum", "minimum"]],
    *,
    evaluations: int = 200,
    seed: int,
    check_seeds: Sequence[int] = (1, 2, 3),
    generation: int = 16,
    executor: Executor | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Result:
    """Recipes that no other one matches in all objectives and beats in one (a Pareto front), found with NSGA-II of pymoo.

    The first generation is a Sobol' sequence. While it is searched every recipe is made with the one seed: what the front
    gains by its luck is found out afterwards, when each of its points is evaluated anew with the other seeds
    (K. Deb et al., IEEE Trans. Evol. Comput. 6 (2002) 182, doi:10.1109/4235.996017).

    Parameters
    ----------
    evaluate : callable
        Objectives by name of the numbers of a recipe and a seed. `InputError` and `ConvergenceError` mean that there is no such
        electrode (nothing connects, a particle does not fit); it is counted and left out.
    parameters : mapping of str to (low, high)
    objectives : mapping of str to {"maximum", "minimum"}
    evaluations : int
        Budget without the checks: as many whole generations as it holds are made.
    seed : int
    check_seeds : sequence of int
        Of the structures that check each point, other than `seed`.
    generation : int
        Recipes of a generation.
    executor : concurrent.futures.Executor, optional
        Evaluates a generation side by side.
    progress : callable, optional

    Returns
    -------
    Result
        Of the front (point, …): ``recipe`` (parameter), ``objective`` (mean over the check seeds), ``objective_error``
        (standard error of that mean), ``found`` with the seed of the search, ``holds``: still on the front by the means. Of all
        evaluations (evaluation, …): ``evaluated_recipe``, ``evaluated`` (NaN where there is no such electrode).

    Raises
    ------
    InputError
        Bounds that do not rise, no objective, a check seed that is the search's, no recipe that can be made.
    MissingDependencyError
        pymoo is not installed.
    """
    require_seed("search_front", seed)
    _require(parameters, objectives, evaluations, seed, check_seeds, generation)
    names, signs = list(parameters), np.array([-1.0 if aim == "maximum" else 1.0 for aim in objectives.values()])
    budget = evaluations - evaluations % generation
    tried: list[Floats] = []
    values: list[Floats] = []

    def measured(recipes: Floats, seeds: Sequence[int]) -> Floats:
        tasks = [dict(zip(names, map(float, recipe), strict=True)) for recipe in recipes]
        how = (evaluate, tuple(objectives))
        threads = None if executor is not None else 1
        found = parallel_map(_evaluated, tasks, seeds, [how] * len(tasks), executor=executor, threads=threads)
        return np.array(list(found)).reshape(len(tasks), len(objectives))

    def advance(recipes: Floats) -> Floats:
        found = measured(recipes, [seed] * len(recipes))
        tried.extend(recipes)
        values.extend(found)
        if progress is not None:
            progress(min(len(tried) / budget, 1.0), f"{len(tried)} of {budget} recipes")
        return found

    _evolve(advance, np.array(list(parameters.values()), float), signs, evaluations, generation, seed)
    every, objective = np.array(tried), np.array(values)
    made = np.flatnonzero(np.all(np.isfinite(objective), axis=1))
    if not made.size:
        raise InputError("search_front", "parameters", f"{len(every)} recipes of which none can be made", "other bounds")
    front = made[non_dominated(signs * objective[made])]
    front = front[np.argsort(objective[front, 0])]
    pairs = [(point, one) for point in front for one in check_seeds]
    checked = measured(every[[point for point, _ in pairs]], [one for _, one in pairs])
    checked = checked.reshape(len(front), len(check_seeds), len(objectives))
    mean = checked.mean(axis=1)
    spread = checked.std(axis=1, ddof=1) if len(check_seeds) > 1 else np.full(mean.shape, np.nan)
    error = spread / np.sqrt(len(check_seeds))
    holds = np.zeros(len(front), bool)
    sound = np.flatnonzero(np.all(np.isfinite(mean), axis=1))
    holds[sound[non_dominated(signs * mean[sound])]] = True
    settings: dict[str, Any] = {"parameters": {name: list(bounds) for name, bounds in parameters.items()}}
    settings |= {"objectives": dict(objectives), "evaluations": evaluations, "seed": seed, "check_seeds": list(check_seeds)}
    settings |= {"generation": generation}
    of_recipe, of_objective = ("point", "parameter"), ("point", "objective_name")
    data = {
        "recipe": (of_recipe, every[front], "recipe", "SI"),
        "objective": (of_objective, mean, "objective, mean over the check seeds", "SI"),
        "objective_error": (of_objective, error, "standard error of the mean", "SI"),
        "found": (of_objective, objective[front], "objective with the seed of the search", "SI"),
        "holds": (("point",), holds, "no other point matches it in all objectives and beats it in one, by the means", "1"),
        "evaluated_recipe": (("evaluation", "parameter"), every, "recipe", "SI"),
        "evaluated": (("evaluation", "objective_name"), objective, "objective", "SI"),
    }
    return Result(
        {name: labelled(dims, of, title, unit) for name, (dims, of, title, unit) in data.items()},
        coords={"parameter": names, "objective_name": list(objectives)},
        attrs={"source": predicted("scalith.design.search_front", settings=settings).to_json()},
    )


def non_dominated(costs: Floats) -> NDArray[np.int_]:
    """Rows of `costs` (n, objectives, lower is better): no other row matches them in all objectives and beats them in one."""
    kept = [n for n, cost in enumerate(costs) if not np.any(np.all(costs <= cost, axis=1) & np.any(costs < cost, axis=1))]
    return np.array(kept, dtype=int)


def hypervolume(values: Floats, reference: Floats, aims: Sequence[Literal["maximum", "minimum"]]) -> float:
    """Volume between the front of `values` (n, objectives) and a reference point that is worse than all of it.

    Rows that are not better than the reference in all objectives, or not finite, add nothing.

    Raises
    ------
    MissingDependencyError
        pymoo is not installed.
    """
    try:
        from pymoo.indicators.hv import HV
    except ImportError:
        raise MissingDependencyError("pymoo", "hypervolume", "design") from None
    signs = np.array([-1.0 if aim == "maximum" else 1.0 for aim in aims])
    costs, worst = signs * np.asarray(values, float), signs * np.asarray(reference, float)
    inside = costs[np.all(np.isfinite(costs) & (costs < worst), axis=1)]
    return float(HV(ref_point=worst)(inside)) if inside.size else 0.0


def _evolve(
    advance: Callable[[Floats], Floats], bounds: Floats, signs: Floats, evaluations: int, generation: int, seed: int
) -> None:
    try:
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.core.problem import Problem
    except ImportError:
        raise MissingDependencyError("pymoo", "search_front", "design") from None
    from scipy.stats import qmc

    class Recipes(Problem):  # type: ignore[misc]
        def _evaluate(self, recipes: Floats, out: dict[str, Floats], *_: Any, **__: Any) -> None:
            found = signs * advance(recipes)
            failed = ~np.all(np.isfinite(found), axis=1)
            out["F"] = np.where(failed[:, np.newaxis], 0.0, found)
            out["G"] = failed[:, np.newaxis] - 0.5  # positive: cannot be made

    problem = Recipes(n_var=len(bounds), n_obj=len(signs), n_ieq_constr=1, xl=bounds[:, 0], xu=bounds[:, 1])
    numbers = qmc.Sobol(len(bounds), rng=np.random.default_rng(seed)).random_base2(int(np.ceil(np.log2(generation))))
    first = qmc.scale(numbers[:generation], bounds[:, 0], bounds[:, 1])
    algorithm = NSGA2(pop_size=generation, sampling=first)
    algorithm.setup(problem, termination=("n_gen", evaluations // generation), seed=seed, verbose=False)
    while algorithm.has_next():
        population = algorithm.ask()
        algorithm.evaluator.eval(problem, population)
        algorithm.tell(infills=population)


def _evaluated(numbers: dict[str, float], seed: int, how: tuple[Evaluate, tuple[str, ...]]) -> Floats:
    evaluate, objectives = how
    try:
        found = evaluate(numbers, seed)
    except (InputError, ConvergenceError):
        return np.full(len(objectives), np.nan)
    return np.array([float(found[name]) for name in objectives])


def _require(
    parameters: Mapping[str, tuple[float, float]],
    objectives: Mapping[str, str],
    evaluations: int,
    seed: int,
    check_seeds: Sequence[int],
    generation: int,
) -> None:
    for name, bounds in parameters.items():
        if len(bounds) != 2 or not bounds[0] < bounds[1]:
            raise InputError("search_front", f"bounds of {name}", bounds, "two numbers that rise")
    if not parameters or not objectives or set(objectives.values()) - {"maximum", "minimum"}:
        raise InputError("search_front", "objectives", dict(objectives), "'maximum' or 'minimum' of each, for some parameters")
    if not 2 <= generation <= evaluations:
        raise InputError(
            "search_front", "generation, evaluations", f"{generation}, {evaluations}", "2 or more, and at least as many"
        )
    if not check_seeds or seed in check_seeds:
        raise InputError("search_front", "check_seeds", list(check_seeds), f"seeds other than {seed}, that of the search")
