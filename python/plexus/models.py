# SPDX-License-Identifier: Apache-2.0
"""The models: Shared_Bottom, ESMM, MMOE, PLE_CGC (CGC), PLE, SingleTask.

Their arguments may be given by DeepCTR 0.9.4's names, too (docs/deepctr.md): SharedBottom, expert_dnn_hidden_units,
gate_dnn_hidden_units, bottom_dnn_hidden_units, tower_dnn_hidden_units (of all tasks), shared_expert_num,
specific_expert_num. Where one of these is given, what is not given has DeepCTR's default. Two tasks of which nothing is
said are binary, `ctr` and `ctcvr`.

What takes one value for all hidden layers takes a list, too, one a layer (dnn_activation=["relu", "tanh"]). `options`
of each are all other keys of the configuration (docs/configuration.md): those of its section `model` by their names
(expert_dnn_activation="gelu", tower_dnn_use_bn=True), and dicts of keys for

    data    data={"group": "user"}
    tasks   tasks={"click": {"positive": ["yes"], "where": "shown", "where_values": ["1"]}}

Those of section `train` belong to `compile`. A key that is none is a ValueError, which names the nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from ._deepctr import SPELLINGS, hyper_parameters, tasks
from ._transforms import check_transforms
from .features import FeatureColumn, checked, in_order
from .model import Model

# One value for all hidden layers, or one a layer.
_T = TypeVar("_T")
_PerLayer: TypeAlias = "_T | Sequence[_T]"

# Units of the hidden layers of each task's tower.
_Towers: TypeAlias = "Sequence[Sequence[int]] | None"

_TASK_TYPES = ("binary", "regression", "multiclass")

# By network and argument: this package's default, and DeepCTR's. All other arguments have those of the signatures.
_DEFAULTS: dict[str, dict[str, tuple[Any, Any]]] = {
    "shared_bottom": {"bottom_dnn_units": ((128, 128), (256, 128)), "tower_dnn_units_lists": ((64, 32), (64,))},
    "esmm": {"tower_dnn_units_lists": ((128, 128), (256, 128, 64))},
    "mmoe": {
        "num_experts": (4, 3),
        "expert_dnn_units": ((128, 128), (256, 128)),
        "gate_dnn_units": ((), ()),
        "tower_dnn_units_lists": ((32, 32), (64,)),
    },
    "cgc": {
        "num_experts_specific": (8, 1),
        "num_experts_shared": (4, 1),
        "expert_dnn_units": ((64, 64), (256,)),
        "gate_dnn_units": ((), ()),
        "tower_dnn_units_lists": ((32,), (64,)),
    },
}
_DEFAULTS["ple"] = {**_DEFAULTS["cgc"], "tower_dnn_units_lists": ((32, 32), (64,))}

# Arguments that are no keys of section `model`.
_NO_KEYS = {"dnn_feature_columns", "num_tasks", "task_types", "task_names", "seed", "threads", "options"}


def _check_tasks(num_tasks: int, task_types: Sequence[str], task_names: Sequence[str], least: int) -> None:
    if num_tasks < least:
        raise ValueError(f"num_tasks must be greater than {least - 1}")
    if len(task_types) != num_tasks:
        raise ValueError("num_tasks must be equal to the length of task_types")
    if len(task_names) != num_tasks:
        raise ValueError("num_tasks must be equal to the length of task_names")
    for task_type in task_types:
        if task_type not in _TASK_TYPES:
            raise ValueError(f"task must be binary, regression or multiclass, {task_type} is illegal")


def _check_networks(num_tasks: int, given: Mapping[str, Any]) -> None:
    towers, experts = given.get("tower_dnn_units_lists"), given.get("num_experts")
    if towers is not None and len(towers) != num_tasks:
        raise ValueError(f"the length of tower_dnn_units_lists must be equal to num_tasks, {num_tasks}")
    if experts is not None and experts < 1:
        raise ValueError("num_experts must be greater than 0")


def _make(name: str, given: Mapping[str, Any], least_tasks: int = 2) -> Model:
    """A model by the arguments of one of the functions below."""
    types, names, n = tasks(given.get("num_tasks"), given["task_types"], given["task_names"])
    _check_tasks(n, types, names, least_tasks)
    _check_networks(n, given)
    columns, options = checked(given["dnn_feature_columns"]), dict(given["options"])
    check_transforms(columns)
    data, by_task = options.pop("data", {}), options.pop("tasks", {})
    if unknown := set(by_task) - set(names):
        raise ValueError(f"tasks: there is no task '{sorted(unknown)[0]}'; there are {', '.join(names)}")
    keys = {key: value for key, value in given.items() if key not in _NO_KEYS}
    keys = {**hyper_parameters(keys, options, n, _DEFAULTS.get(name, {})), **options}
    sections = {
        "data": dict(data),
        "features": [feature.config() for feature in in_order(columns)],
        "tasks": [{"name": task, "kind": kind, **by_task.get(task, {})} for task, kind in zip(names, types)],
        "model": {"name": name, **{key: value for key, value in keys.items() if value is not None}},
        "train": {"seed": int(given["seed"])},
    }
    return Model._of_columns(sections, columns, given["threads"])


def SingleTask(
    dnn_feature_columns: Sequence[FeatureColumn],
    task_type: str = "binary",
    task_name: str = "task",
    tower_dnn_units: Sequence[int] = (64,),
    l2_reg_embedding: float = 1e-5,
    l2_reg_dnn: float = 0.0,
    seed: int = 1024,
    dnn_dropout: _PerLayer[float] = 0.0,
    dnn_activation: _PerLayer[str] = "relu",
    dnn_use_bn: _PerLayer[bool] = False,
    threads: int = 0,
    **options: Any,
) -> Model:
    """One tower on the features, for one task; a task that shares nothing."""
    given = locals()
    given.update(task_types=[given.pop("task_type")], task_names=[given.pop("task_name")])
    given["tower_dnn_units_lists"] = [list(given.pop("tower_dnn_units"))]
    return _make("single_task", given, least_tasks=1)


def Shared_Bottom(
    dnn_feature_columns: Sequence[FeatureColumn],
    num_tasks: int | None = None,
    task_types: Sequence[str] | None = None,
    task_names: Sequence[str] | None = None,
    bottom_dnn_units: Sequence[int] | None = None,
    tower_dnn_units_lists: _Towers = None,
    l2_reg_embedding: float = 1e-5,
    l2_reg_dnn: float = 0.0,
    seed: int = 1024,
    dnn_dropout: _PerLayer[float] = 0.0,
    dnn_activation: _PerLayer[str] = "relu",
    dnn_use_bn: _PerLayer[bool] = False,
    threads: int = 0,
    **options: Any,
) -> Model:
    """One network that all towers read (Caruana, Multitask Learning, 1997).

    bottom_dnn_units: of its hidden layers; (128, 128).
    tower_dnn_units_lists: of the hidden layers of each task's tower; (64, 32) each.
    """
    return _make("shared_bottom", locals())


def SharedBottom(
    dnn_feature_columns: Sequence[FeatureColumn],
    bottom_dnn_hidden_units: Sequence[int] | None = None,
    tower_dnn_hidden_units: Sequence[int] | None = None,
    l2_reg_embedding: float = 1e-5,
    l2_reg_dnn: float = 0.0,
    seed: int = 1024,
    dnn_dropout: _PerLayer[float] = 0.0,
    dnn_activation: _PerLayer[str] = "relu",
    dnn_use_bn: _PerLayer[bool] = False,
    task_types: Sequence[str] | None = None,
    task_names: Sequence[str] | None = None,
    threads: int = 0,
    **options: Any,
) -> Model:
    """Shared_Bottom by DeepCTR 0.9.4's name, with its arguments in its order and its defaults.

    bottom_dnn_hidden_units: of the shared hidden layers; (256, 128).
    tower_dnn_hidden_units: of the hidden layers of every task's tower; (64,).
    """
    given = locals()
    given.update(given.pop("options"))
    for ours, (_, default) in _DEFAULTS["shared_bottom"].items():
        theirs = next(name for name, plain in SPELLINGS.items() if plain == ours)
        if given[theirs] is None:
            if ours in given:
                del given[theirs]
            else:
                given[theirs] = default
    return Shared_Bottom(**given)


def ESMM(
    dnn_feature_columns: Sequence[FeatureColumn],
    task_type: str | None = None,
    task_names: Sequence[str] = ("ctr", "ctcvr"),
    tower_dnn_units_lists: _Towers = None,
    l2_reg_embedding: float = 1e-5,
    l2_reg_dnn: float = 0.0,
    seed: int = 1024,
    dnn_dropout: _PerLayer[float] = 0.0,
    dnn_activation: _PerLayer[str] = "relu",
    dnn_use_bn: _PerLayer[bool] = False,
    threads: int = 0,
    task_types: Sequence[str] | None = None,
    **options: Any,
) -> Model:
    """Click, and click with conversion as a product of probabilities, both over all rows (Ma et al., Entire Space
    Multi-Task Model, SIGIR 2018, arXiv 1804.07931).

    task_type, task_types: of both tasks, or of each: there is binary alone.
    tower_dnn_units_lists: of the hidden layers of each task's tower; (128, 128) each.
    """
    given = locals()
    if given.pop("task_type") is not None and task_types is not None:
        raise ValueError("task_types is DeepCTR's name of task_type, and both are given: give one of them")
    if len(task_names) != 2:
        raise ValueError("the length of task_names must be equal to 2")
    types = list(task_types) if task_types is not None else [task_type or "binary"] * 2
    if len(types) != 2:
        raise ValueError("the length of task_types must be equal to 2")
    for one in types:
        if one != "binary":
            raise ValueError(f"ESMM takes binary tasks alone, {one} is illegal")
    return _make("esmm", {**given, "task_types": types})


ESSM = ESMM


def MMOE(
    dnn_feature_columns: Sequence[FeatureColumn],
    num_tasks: int | None = None,
    task_types: Sequence[str] | None = None,
    task_names: Sequence[str] | None = None,
    num_experts: int | None = None,
    expert_dnn_units: Sequence[int] | None = None,
    gate_dnn_units: Sequence[int] | None = None,
    tower_dnn_units_lists: _Towers = None,
    l2_reg_embedding: float = 1e-5,
    l2_reg_dnn: float = 0.0,
    seed: int = 1024,
    dnn_dropout: _PerLayer[float] = 0.0,
    dnn_activation: _PerLayer[str] = "relu",
    dnn_use_bn: _PerLayer[bool] = False,
    threads: int = 0,
    **options: Any,
) -> Model:
    """Experts that all tasks share, mixed by a gate of each task's own (Ma et al., Modeling Task Relationships in
    Multi-task Learning with Multi-gate Mixture-of-Experts, KDD 2018).

    num_experts: how many there are; 4.
    expert_dnn_units: of each expert's hidden layers; (128, 128).
    gate_dnn_units: of each gate's hidden layers; none.
    tower_dnn_units_lists: of the hidden layers of each task's tower; (32, 32) each.
    """
    return _make("mmoe", locals())


def PLE_CGC(
    dnn_feature_columns: Sequence[FeatureColumn],
    num_tasks: int | None = None,
    task_types: Sequence[str] | None = None,
    task_names: Sequence[str] | None = None,
    num_experts_specific: int | None = None,
    num_experts_shared: int | None = None,
    expert_dnn_units: Sequence[int] | None = None,
    gate_dnn_units: Sequence[int] | None = None,
    tower_dnn_units_lists: _Towers = None,
    l2_reg_embedding: float = 1e-5,
    l2_reg_dnn: float = 0.0,
    seed: int = 1024,
    dnn_dropout: _PerLayer[float] = 0.0,
    dnn_activation: _PerLayer[str] = "relu",
    dnn_use_bn: _PerLayer[bool] = False,
    threads: int = 0,
    **options: Any,
) -> Model:
    """Customized Gate Control: experts of each task's own beside shared ones (Tang et al., Progressive Layered
    Extraction, RecSys 2020).

    num_experts_specific: experts of each task's own; 8.
    num_experts_shared: experts of all tasks; 4.
    expert_dnn_units: of each expert's hidden layers; (64, 64).
    gate_dnn_units: of each gate's hidden layers; none.
    tower_dnn_units_lists: of the hidden layers of each task's tower; (32,) each.
    """
    return _make("cgc", locals())


CGC = PLE_CGC


def PLE(
    dnn_feature_columns: Sequence[FeatureColumn],
    num_tasks: int | None = None,
    task_types: Sequence[str] | None = None,
    task_names: Sequence[str] | None = None,
    num_levels: int = 2,
    num_experts_specific: int | None = None,
    num_experts_shared: int | None = None,
    expert_dnn_units: Sequence[int] | None = None,
    gate_dnn_units: Sequence[int] | None = None,
    tower_dnn_units_lists: _Towers = None,
    l2_reg_embedding: float = 1e-5,
    l2_reg_dnn: float = 0.0,
    seed: int = 1024,
    dnn_dropout: _PerLayer[float] = 0.0,
    dnn_activation: _PerLayer[str] = "relu",
    dnn_use_bn: _PerLayer[bool] = False,
    gate_input: str | None = None,
    threads: int = 0,
    **options: Any,
) -> Model:
    """Progressive Layered Extraction: levels of own and shared experts, one on another (Tang et al., RecSys 2020).

    num_experts_specific: experts of each task's own in a level; 8.
    num_experts_shared: experts of all tasks in a level; 4.
    expert_dnn_units: of each expert's hidden layers; (64, 64).
    gate_dnn_units: of each gate's hidden layers; none.
    tower_dnn_units_lists: of the hidden layers of each task's tower; (32, 32) each.
    gate_input: what gates without a network of their own read: `level`, as in the paper, or `features`.
    """
    return _make("ple", locals())


# By the configuration's names.
NETWORKS: dict[str, Callable[..., Model]] = {
    "single_task": SingleTask,
    "shared_bottom": Shared_Bottom,
    "esmm": ESMM,
    "mmoe": MMOE,
    "cgc": PLE_CGC,
    "ple": PLE,
}
