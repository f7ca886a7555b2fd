# SPDX-License-Identifier: Apache-2.0
"""The Quick Start that DeepCTR's multi-task users know, but for the import."""

import numpy as np
import pandas as pd

from plexus import PLE, DenseFeat, SparseFeat, get_feature_names


def frame(n=20000):
    random = np.random.default_rng(1)
    data = pd.DataFrame({f"C{i}": random.integers(0, 10 + i, n) for i in range(4)})
    for i in range(3):
        data[f"I{i}"] = random.random(n)
    data["label 1"] = ((data["C0"] < 4) & (data["I0"] > 0.3)).astype(int)
    data["label 2"] = data["I1"] * 3 + (data["C1"] == 2)
    return data


def test_quick_start():
    data = frame()
    sparse_features, dense_features = [f"C{i}" for i in range(4)], [f"I{i}" for i in range(3)]
    dnn_feature_columns = [
        SparseFeat(feat, vocabulary_size=data[feat].max() + 1, embedding_dim=4) for feat in sparse_features
    ] + [DenseFeat(feat, 1) for feat in dense_features]
    feature_names = get_feature_names(dnn_feature_columns)
    assert feature_names == sparse_features + dense_features
    train, test = data[:19400], data[19400:]
    X_train, X_test = ({name: part[name] for name in feature_names} for part in (train, test))
    y_task1, y_task2 = train["label 1"].values, train["label 2"].values

    # fmt: off
    model = PLE(dnn_feature_columns, num_tasks=2, task_types=['binary','regression'], task_names=['task 1','task 2'],
                num_levels=2, num_experts_specific=8, num_experts_shared=4, expert_dnn_units=[64,64],
                gate_dnn_units=[16,16], tower_dnn_units_lists=[[32,32],[32,32]])
    model.compile("adam", loss=["binary_crossentropy","mean_squared_error"], metrics=['AUC','mae'])
    history = model.fit(X_train, [y_task1, y_task2], batch_size=256, epochs=5, verbose=2)
    pred_ans = model.predict(X_test, batch_size=256)
    # fmt: on

    assert [scores.shape for scores in pred_ans] == [(600, 1), (600, 1)]
    assert len(history.history["loss"]) == 5
    assert {"loss", "task 1_loss", "task 1_auc", "task 2_mae"} <= set(history.history)
    assert history.history["task 1_auc"][-1] > 0.9
    click = test["label 1"].to_numpy()
    assert pred_ans[0][click == 1].mean() > pred_ans[0][click == 0].mean() + 0.3
    assert np.abs(pred_ans[1][:, 0] - test["label 2"]).mean() < 0.5
