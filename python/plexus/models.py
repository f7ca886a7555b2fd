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

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

from ._deepctr import hyper_parameters as _hyper
from ._deepctr import tasks as _tasks
from ._transforms import check_transforms
from .features import FeatureColumn, checked, in_order
from .model import Model

# One value for all hidden layers, or one a layer.
_T = TypeVar("_T")
_PerLayer: TypeAlias = "_T | Sequence[_T]"

# Units of the hidden layers of each task's tower.
_Towers: TypeAlias = "Sequence[Sequence[int]] | None"

_TASK_TYPES = ("binary", "regression", "multiclass")


def _check_tasks(num_tasks: int, task_types: Sequence[str], task_names: Sequence[str], least: int = 2) -> None:
    if num_tasks < least:
        raise ValueError(f"num_tasks must be greater than {least - 1}")
    if len(task_types) != num_tasks:
        raise ValueError("num_tasks must be equal to the length of task_types")
    if len(task_names) != num_tasks:
        raise ValueError("num_tasks must be equal to the length of task_names")
    for task_type in task_types:
        if task_type not in _TASK_TYPES:
            raise ValueError(f"task must be binary, regression or multiclass, {task_type} is illegal")


def _check_towers(num_tasks: int, tower_dnn_units_lists: Sequence[Sequence[int]] | None) -> None:
    if tower_dnn_units_lists is not None and len(tower_dnn_units_lists) != num_tasks:
        raise ValueError("the length of tower_dnn_units_lists must be equal to num_tasks")


def _make(
    name: str,
    dnn_feature_columns: Sequence[FeatureColumn],
    task_types: list[str],
    task_names: list[str],
    threads: int,
    seed: int,
    hyper_parameters: dict[str, Any],
    options: dict[str, Any],
) -> Model:
    columns = checked(dnn_feature_columns)
    check_transforms(columns)
    data, tasks = options.pop("data", {}), options.pop("tasks", {})
    if unknown := set(tasks) - set(task_names):
        raise ValueError(f"tasks: there is no task '{sorted(unknown)[0]}'; there are {', '.join(task_names)}")
    hyper_parameters = {**hyper_parameters, **options}
    return Model._of_columns(
        {
            "data": dict(data),
            "features": [feature.config() for feature in in_order(columns)],
            "tasks": [
                {"name": task, "kind": kind, **tasks.get(task, {})} for task, kind in zip(task_names, task_types)
            ],
            "model": {"name": name, **{key: value for key, value in hyper_parameters.items() if value is not None}},
            "train": {"seed": int(seed)},
        },
        columns,
        threads,
    )


def _dnn(
    l2_reg_embedding: float,
    l2_reg_dnn: float,
    dnn_dropout: _PerLayer[float],
    dnn_activation: _PerLayer[str],
    dnn_use_bn: _PerLayer[bool],
) -> dict[str, Any]:
    return {
        "l2_reg_embedding": l2_reg_embedding,
        "l2_reg_dnn": l2_reg_dnn,
        "dnn_dropout": dnn_dropout,
        "dnn_activation": dnn_activation,
        "dnn_use_bn": dnn_use_bn,
    }


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
    _check_tasks(1, [task_type], [task_name], least=1)
    common = _dnn(l2_reg_embedding, l2_reg_dnn, dnn_dropout, dnn_activation, dnn_use_bn)
    hyper = {"tower_dnn_units_lists": [list(tower_dnn_units)], **common}
    return _make("single_task", dnn_feature_columns, [task_type], [task_name], threads, seed, hyper, options)


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
    types, names, n = _tasks(num_tasks, task_types, task_names)
    _check_tasks(n, types, names)
    _check_towers(n, tower_dnn_units_lists)
    common = _dnn(l2_reg_embedding, l2_reg_dnn, dnn_dropout, dnn_activation, dnn_use_bn)
    given = {"bottom_dnn_units": bottom_dnn_units, "tower_dnn_units_lists": tower_dnn_units_lists}
    own = {"bottom_dnn_units": (128, 128), "tower_dnn_units_lists": (64, 32)}
    theirs = {"bottom_dnn_units": (256, 128), "tower_dnn_units_lists": (64,)}
    hyper = {**_hyper(given, options, n, own, theirs), **common}
    return _make("shared_bottom", dnn_feature_columns, types, names, threads, seed, hyper, options)


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
    if bottom_dnn_hidden_units is not None or "bottom_dnn_units" not in options:
        options["bottom_dnn_hidden_units"] = (256, 128) if bottom_dnn_hidden_units is None else bottom_dnn_hidden_units
    if tower_dnn_hidden_units is not None or "tower_dnn_units_lists" not in options:
        options["tower_dnn_hidden_units"] = (64,) if tower_dnn_hidden_units is None else tower_dnn_hidden_units
    return Shared_Bottom(
        dnn_feature_columns,
        None,
        task_types,
        task_names,
        l2_reg_embedding=l2_reg_embedding,
        l2_reg_dnn=l2_reg_dnn,
        seed=seed,
        dnn_dropout=dnn_dropout,
        dnn_activation=dnn_activation,
        dnn_use_bn=dnn_use_bn,
        threads=threads,
        **options,
    )


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
    if task_type is not None and task_types is not None:
        raise ValueError("task_types is DeepCTR's name of task_type, and both are given: give one of them")
    if len(task_names) != 2:
        raise ValueError("the length of task_names must be equal to 2")
    types = list(task_types) if task_types is not None else [task_type or "binary"] * 2
    if len(types) != 2:
        raise ValueError("the length of task_types must be equal to 2")
    for one in types:
        if one != "binary":
            raise ValueError(f"ESMM takes binary tasks alone, {one} is illegal")
    if tower_dnn_units_lists is not None and len(tower_dnn_units_lists) != 2:
        raise ValueError("the length of tower_dnn_units_lists must be equal to 2")
    common = _dnn(l2_reg_embedding, l2_reg_dnn, dnn_dropout, dnn_activation, dnn_use_bn)
    own, theirs = {"tower_dnn_units_lists": (128, 128)}, {"tower_dnn_units_lists": (256, 128, 64)}
    hyper = {**_hyper({"tower_dnn_units_lists": tower_dnn_units_lists}, options, 2, own, theirs), **common}
    return _make("esmm", dnn_feature_columns, types, list(task_names), threads, seed, hyper, options)


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
    types, names, n = _tasks(num_tasks, task_types, task_names)
    _check_tasks(n, types, names)
    _check_towers(n, tower_dnn_units_lists)
    if num_experts is not None and num_experts < 1:
        raise ValueError("num_experts must be greater than 0")
    common = _dnn(l2_reg_embedding, l2_reg_dnn, dnn_dropout, dnn_activation, dnn_use_bn)
    given = {
        "num_experts": num_experts,
        "expert_dnn_units": expert_dnn_units,
        "gate_dnn_units": gate_dnn_units,
        "tower_dnn_units_lists": tower_dnn_units_lists,
    }
    own = dict(zip(given, (4, (128, 128), (), (32, 32))))
    theirs = dict(zip(given, (3, (256, 128), (), (64,))))
    hyper = {**_hyper(given, options, n, own, theirs), **common}
    return _make("mmoe", dnn_feature_columns, types, names, threads, seed, hyper, options)


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
    types, names, n = _tasks(num_tasks, task_types, task_names)
    _check_tasks(n, types, names)
    _check_towers(n, tower_dnn_units_lists)
    common = _dnn(l2_reg_embedding, l2_reg_dnn, dnn_dropout, dnn_activation, dnn_use_bn)
    given = {
        "num_experts_specific": num_experts_specific,
        "num_experts_shared": num_experts_shared,
        "expert_dnn_units": expert_dnn_units,
        "gate_dnn_units": gate_dnn_units,
        "tower_dnn_units_lists": tower_dnn_units_lists,
    }
    own = dict(zip(given, (8, 4, (64, 64), (), (32,))))
    theirs = dict(zip(given, (1, 1, (256,), (), (64,))))
    hyper = {**_hyper(given, options, n, own, theirs), **common}
    return _make("cgc", dnn_feature_columns, types, names, threads, seed, hyper, options)


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
    types, names, n = _tasks(num_tasks, task_types, task_names)
    _check_tasks(n, types, names)
    _check_towers(n, tower_dnn_units_lists)
    common = _dnn(l2_reg_embedding, l2_reg_dnn, dnn_dropout, dnn_activation, dnn_use_bn)
    given = {
        "num_experts_specific": num_experts_specific,
        "num_experts_shared": num_experts_shared,
        "expert_dnn_units": expert_dnn_units,
        "gate_dnn_units": gate_dnn_units,
        "tower_dnn_units_lists": tower_dnn_units_lists,
    }
    own = dict(zip(given, (8, 4, (64, 64), (), (32, 32))))
    theirs = dict(zip(given, (1, 1, (256,), (), (64,))))
    hyper = {"num_levels": num_levels, **_hyper(given, options, n, own, theirs), "gate_input": gate_input, **common}
    return _make("ple", dnn_feature_columns, types, names, threads, seed, hyper, options)
