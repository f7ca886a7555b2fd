# SPDX-License-Identifier: Apache-2.0
"""One script, two packages: a multi-task model as users of DeepCTR 0.9.4 write it.

    python examples/from_deepctr.py           # by plexus
    python examples/from_deepctr.py deepctr   # by DeepCTR and TensorFlow

The imports differ, nothing else. docs/deepctr.md lists what can be left out with plexus.
"""

import pathlib
import sys

import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import LabelEncoder, MinMaxScaler

if sys.argv[1:] == ["deepctr"]:
    from deepctr.feature_column import DenseFeat, SparseFeat, get_feature_names
    from deepctr.models.multitask import MMOE
else:
    from plexus import MMOE, DenseFeat, SparseFeat, get_feature_names

data = pd.read_csv(pathlib.Path(__file__).parent / "shop" / "visits.csv")
data["earlier_visits"] = data["earlier_visits"].fillna(0)
data["bought"] = (data["bought"] == "yes").astype(int)

sparse_features = ["country", "device", "source", "goods"]
dense_features = ["hour", "price", "earlier_visits"]
target = ["clicked", "bought"]
for feature in sparse_features:
    data[feature] = LabelEncoder().fit_transform(data[feature])
data[dense_features] = MinMaxScaler().fit_transform(data[dense_features])

columns = [SparseFeat(name, vocabulary_size=data[name].nunique(), embedding_dim=4) for name in sparse_features]
columns += [DenseFeat(name, 1) for name in dense_features]
feature_names = get_feature_names(columns)

train, test = data[:1600], data[1600:]
model = MMOE(
    columns,
    num_experts=4,
    expert_dnn_hidden_units=(16,),
    tower_dnn_hidden_units=(8,),
    gate_dnn_hidden_units=(),
    task_types=["binary", "binary"],
    task_names=target,
)
model.compile("adam", loss=["binary_crossentropy", "binary_crossentropy"])
history = model.fit(
    {name: train[name].values for name in feature_names},
    [train[name].values for name in target],
    batch_size=32,
    epochs=30,
    verbose=0,
    validation_split=0.2,
)
scores = model.predict({name: test[name].values for name in feature_names}, batch_size=256)
for name, score in zip(target, scores):
    print(f"{name}: AUC {roc_auc_score(test[name], score):.4f}")
