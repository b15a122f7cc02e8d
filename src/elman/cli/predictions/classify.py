"""What `elman predict` shows of a classifier: the label, and how probable each is."""

from typing import TYPE_CHECKING, Any

from elman.cli.predictions.prediction import Prediction, named

if TYPE_CHECKING:
    from elman.cli.columns import Table
    from elman.tasks import Classifier


def _records(estimator: "Classifier", table: "Table", flags: dict[str, Any]) -> list[dict[str, Any]]:
    classes = estimator.codecs_["output"].classes
    return [
        {
            **name,
            "label": classes[int(row.argmax())],
            "probability": round(float(row.max()), 6),
            "probabilities": {str(label): round(float(p), 6) for label, p in zip(classes, row, strict=True)},
        }
        for name, row in zip(named(table), estimator.predict_proba(table.X), strict=True)
    ]


def _line(record: dict[str, Any]) -> list[str]:
    name = str(next(iter(record.values())))
    return [name, str(record["label"]), f"{record['probability']:.3f}"]


PREDICTION = Prediction(_records, _line)
