# SPDX-License-Identifier: Apache-2.0
"""The models: Shared_Bottom, ESMM, MMOE, PLE_CGC (CGC), PLE, SingleTask.

If one of DeepCTR's names of arguments is used, arguments that are not given have DeepCTR's defaults: SharedBottom,
expert_dnn_hidden_units, gate_dnn_hidden_units, bottom_dnn_hidden_units, tower_dnn_hidden_units (of all tasks),
shared_expert_num, specific_expert_num. If nothing is said about the tasks, there are two binary ones, `ctr` and
`ctcvr`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from ._deepctr import SPELLINGS, hyper_parameters, tasks
from ._feature_columns import checked, in_order
from ._keras_names import TASK_KINDS
from ._transforms import check_transforms
from ._types import Option
from .features import FeatureColumn
from .model import Model

# One value for all hidden layers, or one a layer.
_T = TypeVar("_T")
_PerLayer: TypeAlias = "_T | Sequence[_T]"

_Function = TypeVar("_Function", bound=Callable[..., Model])

# Units of the hidden layers of each task's tower.
_Towers: TypeAlias = "Sequence[Sequence[int]] | None"

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
        if task_type not in TASK_KINDS:
            raise ValueError(f"task must be {', '.join(TASK_KINDS[:-1])} or {TASK_KINDS[-1]}, {task_type} is illegal")


def _check_networks(num_tasks: int, given: Mapping[str, Any]) -> None:
    towers, experts = given.get("tower_dnn_units_lists"), given.get("num_experts")
    if towers is not None and len(towers) != num_tasks:
        raise ValueError(f"the length of tower_dnn_units_lists must be equal to num_tasks, {num_tasks}")
    if experts is not None and experts < 1:
        raise ValueError("num_experts must be greater than 0")


_COMMON = """
    l2_reg_embedding : float
        Factor of the sum of squares of all tables, which is added to the loss.
    l2_reg_dnn : float
        Factor of the sum of squares of all kernels, which is added to the loss.
    seed : int
        Of start values, order of rows and dropout: the same seed gives the same bits.
    dnn_dropout : float or list of float
        The dropout rate of hidden layers: one for all, or one per layer.
    dnn_activation : str or list of str
        Their activation.
    dnn_use_bn : bool or list of bool
        Whether they have batch normalisation.
    threads : int
        The maximum number; 0: one per processor. The result does not depend on it.
    **options
        All other keys of the configuration (docs/configuration.md): those of section `model` by their names,
        `expert_dnn_activation="gelu"`, `tower_dnn_use_bn=True`, and dicts for sections `data`,
        `data={"group": "user"}`, and `tasks`, `tasks={"click": {"positive": ["yes"]}}`. Those of section `train` belong
        to `compile`. DeepCTR 0.9.4's names of the arguments are accepted, too (docs/deepctr.md).

    Returns
    -------
    Model
        To compile and to fit.

    Raises
    ------
    ValueError
        If arguments do not fit together, or a key is unknown; the message suggests the closest one."""


def _documented(function: _Function) -> _Function:
    """The docstring with what all functions have in common."""
    function.__doc__ = (function.__doc__ or "").replace("\n    <common>", _COMMON)
    return function


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


@_documented
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
    **options: Option,
) -> Model:
    """One tower on the features, for one task that shares nothing.

    Parameters
    ----------
    dnn_feature_columns : sequence of feature columns
        What the network reads: sparse features first, then lists, then dense ones.
    task_type : str
        "binary", "regression" or "multiclass".
    task_name : str
        Its name.
    tower_dnn_units : sequence of int
        Units of the hidden layers of the tower.
    <common>

    Examples
    --------
    >>> columns = [plexus.SparseFeat("city"), plexus.DenseFeat("age")]
    >>> model = plexus.SingleTask(columns, "regression", "seconds")
    """
    given = locals()
    given.update(task_types=[given.pop("task_type")], task_names=[given.pop("task_name")])
    given["tower_dnn_units_lists"] = [list(given.pop("tower_dnn_units"))]
    return _make("single_task", given, least_tasks=1)


@_documented
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
    **options: Option,
) -> Model:
    """One network that all towers read (Caruana, Multitask Learning, 1997).

    Parameters
    ----------
    dnn_feature_columns : sequence of feature columns
        What the network reads: sparse features first, then lists, then dense ones.
    num_tasks : int
        The number of tasks, by default that of task_types and task_names.
    task_types : sequence of str
        "binary", "regression" or "multiclass" for each task.
    task_names : sequence of str
        Their names.
    bottom_dnn_units : sequence of int
        Units of the hidden layers of the shared network; (128, 128).
    tower_dnn_units_lists : sequence of sequences of int
        Units of the hidden layers of each task's tower; (64, 32) each.
    <common>

    Examples
    --------
    >>> columns = [plexus.SparseFeat("city"), plexus.DenseFeat("age")]
    >>> model = plexus.Shared_Bottom(columns, 2, ["binary", "regression"], ["click", "seconds"])
    """
    return _make("shared_bottom", locals())


@_documented
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
    **options: Option,
) -> Model:
    """Shared_Bottom by DeepCTR 0.9.4's name, with its arguments in its order and its defaults.

    Parameters
    ----------
    dnn_feature_columns : sequence of feature columns
        What the network reads: sparse features first, then lists, then dense ones.
    bottom_dnn_hidden_units : sequence of int
        Units of the hidden layers of the shared network; (256, 128).
    tower_dnn_hidden_units : sequence of int
        Units of the hidden layers of every task's tower; (64,).
    task_types, task_names : sequence of str
        "binary", "regression" or "multiclass" for each task, and their names.
    <common>

    Examples
    --------
    >>> columns = [plexus.SparseFeat("city"), plexus.DenseFeat("age")]
    >>> model = plexus.SharedBottom(columns, task_types=["binary", "binary"], task_names=["ctr", "ctcvr"])
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


@_documented
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
    **options: Option,
) -> Model:
    """Click, and click with conversion as a product of probabilities, both over all rows (Ma et al., Entire Space
    Multi-Task Model, SIGIR 2018, arXiv 1804.07931).

    Parameters
    ----------
    dnn_feature_columns : sequence of feature columns
        What the network reads: sparse features first, then lists, then dense ones.
    task_type : str
        Of both tasks: "binary".
    task_names : sequence of str
        Their names.
    tower_dnn_units_lists : sequence of sequences of int
        Units of the hidden layers of each task's tower; (128, 128) each.
    task_types : sequence of str
        DeepCTR's name of task_type.
    <common>

    Examples
    --------
    >>> columns = [plexus.SparseFeat("city"), plexus.DenseFeat("age")]
    >>> model = plexus.ESMM(columns, task_names=["click", "purchase"])
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
            raise ValueError(f"ESMM takes only binary tasks, not {one}")
    return _make("esmm", {**given, "task_types": types})


ESSM = ESMM


@_documented
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
    **options: Option,
) -> Model:
    """Experts that all tasks share, mixed by a gate of each task (Ma et al., Modeling Task Relationships in Multi-task
    Learning with Multi-gate Mixture-of-Experts, KDD 2018).

    Parameters
    ----------
    dnn_feature_columns : sequence of feature columns
        What the network reads: sparse features first, then lists, then dense ones.
    num_tasks : int
        The number of tasks, by default that of task_types and task_names.
    task_types : sequence of str
        "binary", "regression" or "multiclass" for each task.
    task_names : sequence of str
        Their names.
    num_experts : int
        The number of experts; 4.
    expert_dnn_units : sequence of int
        Units of the hidden layers of each expert; (128, 128).
    gate_dnn_units : sequence of int
        Units of the hidden layers of each gate; none: the gate is one linear layer.
    tower_dnn_units_lists : sequence of sequences of int
        Units of the hidden layers of each task's tower; (32, 32) each.
    <common>

    Examples
    --------
    >>> columns = [plexus.SparseFeat("city"), plexus.DenseFeat("age")]
    >>> model = plexus.MMOE(columns, 2, ["binary", "regression"], ["click", "seconds"], num_experts=8)
    """
    return _make("mmoe", locals())


@_documented
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
    **options: Option,
) -> Model:
    """Customized Gate Control: each task has its own experts in addition to shared ones (Tang et al.,
    Progressive Layered Extraction, RecSys 2020).

    Parameters
    ----------
    dnn_feature_columns : sequence of feature columns
        What the network reads: sparse features first, then lists, then dense ones.
    num_tasks : int
        The number of tasks, by default that of task_types and task_names.
    task_types : sequence of str
        "binary", "regression" or "multiclass" for each task.
    task_names : sequence of str
        Their names.
    num_experts_specific : int
        Experts of each task; 8.
    num_experts_shared : int
        Experts that all tasks share; 4.
    expert_dnn_units : sequence of int
        Units of the hidden layers of each expert; (64, 64).
    gate_dnn_units : sequence of int
        Units of the hidden layers of each gate; none: the gate is one linear layer.
    tower_dnn_units_lists : sequence of sequences of int
        Units of the hidden layers of each task's tower; (32,) each.
    <common>

    Examples
    --------
    >>> columns = [plexus.SparseFeat("city"), plexus.DenseFeat("age")]
    >>> model = plexus.PLE_CGC(columns, 2, ["binary", "regression"], ["click", "seconds"])
    """
    return _make("cgc", locals())


CGC = PLE_CGC


@_documented
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
    **options: Option,
) -> Model:
    """Progressive Layered Extraction: levels of own and shared experts, one on another (Tang et al., RecSys 2020).

    Parameters
    ----------
    dnn_feature_columns : sequence of feature columns
        What the network reads: sparse features first, then lists, then dense ones.
    num_tasks : int
        The number of tasks, by default that of task_types and task_names.
    task_types : sequence of str
        "binary", "regression" or "multiclass" for each task.
    task_names : sequence of str
        Their names.
    num_levels : int
        The number of levels.
    num_experts_specific : int
        Experts of each task in a level; 8.
    num_experts_shared : int
        Experts that all tasks share in a level; 4.
    expert_dnn_units : sequence of int
        Units of the hidden layers of each expert; (64, 64).
    gate_dnn_units : sequence of int
        Units of the hidden layers of each gate; none: the gate is one linear layer.
    tower_dnn_units_lists : sequence of sequences of int
        Units of the hidden layers of each task's tower; (32, 32) each.
    gate_input : str
        What gates without hidden layers read: "level", as in the paper, or "features".
    <common>

    Examples
    --------
    >>> columns = [plexus.SparseFeat("city"), plexus.DenseFeat("age")]
    >>> model = plexus.PLE(columns, 2, ["binary", "regression"], ["click", "seconds"], num_levels=3)
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
