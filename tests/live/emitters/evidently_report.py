"""Writes an Evidently report with tests, one of which fails, to the file named by the argument."""

import sys

import pandas as pd
from evidently import Dataset, Report
from evidently.presets import DataDriftPreset

reference = pd.DataFrame({"income": range(200), "age": [20 + n % 50 for n in range(200)]})
current = pd.DataFrame({"income": [n + 5000 for n in range(200)], "age": [20 + n % 50 for n in range(200)]})
report = Report([DataDriftPreset()], include_tests=True)
report.run(Dataset.from_pandas(current), Dataset.from_pandas(reference)).save_json(sys.argv[1])
